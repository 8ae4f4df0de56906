"""Numbers as text, with ordinary spaces; tables; text of unknown origin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnistlab.exceptions import UsageError
from mnistlab.system import text
from mnistlab.system.text import format_matrix


@pytest.mark.parametrize("words", [text.count, text.percent, text.seconds, text.decimals, text.p_value])
def test_what_is_not_known_is_a_dash(words):
    assert words(None) == "–"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (text.count(1_234.6), "1,235"),
        (text.percent(0.98766), "98.77 %"),
        (text.percent(1, 0), "100 %"),
        (text.percent(0.5, 1, unit="%"), "50.0%"),
        (text.points(0.0031), "+0.31"),
        (text.interval([0.9, 1.0]), "90.00–100.00 %"),
        (text.seconds(1_234.56), "1,234.6 s"),
        (text.duration(89.4), "89 s"),
        (text.duration(90), "2 min"),
        (text.plural(0, "notebook"), "0 notebooks"),
        (text.plural(1, "notebook"), "1 notebook"),
        (text.plural(1_000, "notebook"), "1,000 notebooks"),
        (text.plural(1_000, "change", spec="d"), "1000 changes"),
        (text.plural(2, "empty box", "empty boxes"), "2 empty boxes"),
        (text.p_value(0.00001234), "1.2e-05"),
        (text.plain(None), "none"),
        (text.plain(True), "True"),
        (text.cell(True), "True"),
        (text.cell({"a_b": 0.5, "c": None}), "a b 0.5, c none"),
    ],
)
def test_words_for_numbers(said, expected):
    assert said == expected


def test_reports_keep_numbers_and_units_on_one_line():
    sentence = "98.00 % (95 % interval 97.70–98.30 %), in 6.0 s, p = 0.014, p < 0.0001; 5 steps of 3 so"
    assert text.unbroken(sentence).split(" ") == [
        *("98.00\xa0%", "(95\xa0%", "interval", "97.70–98.30\xa0%),", "in", "6.0\xa0s,", "p\xa0=\xa00.014,"),
        *("p\xa0<\xa00.0001;", "5", "steps", "of", "3", "so"),
    ]


def test_a_table_aligns_its_columns():
    rows = [["run", "data", "errors"], ["mlp", "MNIST", "180"], ["cnn-seed0", "mine", "1,060"]]
    assert text.table(rows, num_left=2) == [
        "run        data   errors",
        "mlp        MNIST     180",
        "cnn-seed0  mine    1,060",
    ]
    assert text.table([], num_left=2) == []


@pytest.mark.parametrize(
    ("matrix", "format_spec", "text"),
    [
        ([[0, 255], [12, 7]], "g", " 0  255\n12    7"),
        ([[1, 22], [333, 4]], "04d", "0001  0022\n0333  0004"),
        ([[1, -22]], "+d", "+1  -22"),
        ([[1.0, 20.0]], "d", "1  20"),
        ([[255, 1]], "02x", "ff  01"),
        ([[255.0]], "#x", "0xff"),
        ([[0.5, 10], [-1, 2.25]], ".2f", " 0.50  10.00\n-1.00   2.25"),
        ([[1, 2]], "<3d", "1    2  "),
        ([[True, False]], "d", "1  0"),
        ([[1234567]], ",", "1,234,567"),
        ([[0.5]], ".0%", "50%"),
        ([[np.nan, np.inf]], "g", "nan  inf"),
        (np.array([[0.1]], dtype=np.float32), "g", "0.1"),
        (np.zeros((0, 3)), "g", ""),
    ],
)
def test_format_matrix_aligns(matrix, format_spec, text):
    assert format_matrix(matrix, format_spec) == text


@given(
    arrays.arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(-(10**6), 10**6)),
    st.sampled_from(["g", "d", "x", "04d", "+d", " d", "#b", ",d", ".2f", "8.3e", "08.1f", "^7d", ">9", "%"]),
)
@settings(max_examples=150)
def test_any_matrix_comes_back_from_its_columns(matrix, format_spec):
    """Cuts the text at the widths that Python's own format gives, and finds each value where it should be."""
    cells = [[format(int(value), format_spec) for value in row] for row in matrix]
    widths = [max(len(row[column]) for row in cells) for column in range(matrix.shape[1])]
    lines = format_matrix(matrix, format_spec).split("\n")
    assert len(lines) == len(matrix)
    for line, row in zip(lines, cells, strict=True):
        assert len(line) == sum(widths) + 2 * (len(widths) - 1)
        start = 0
        for cell, width in zip(row, widths, strict=True):
            assert line[start : start + width].endswith(cell)
            assert line[start : start + width].removesuffix(cell).strip(" ") == ""
            assert line[start + width : start + width + 2].strip(" ") == ""
            start += width + 2


@pytest.mark.parametrize(
    ("matrix", "format_spec", "pattern"),
    [
        ([[0.5]], "d", "The format 'd' does not fit the value 0.5 of type float64"),
        ([[np.nan]], "x", "The format 'x' does not fit the value nan"),
        ([[1]], "nonsense", "The format 'nonsense' does not fit the value 1"),
        ([[2**40]], "c", "The format 'c' does not fit the value 1099511627776"),
        ([1, 2], "g", r"got int64 \(2,\), but numbers \(num_rows, num_columns\) were expected"),
        (np.zeros((1, 28, 28)), "g", "one image, not a batch"),
        ([["a"]], "g", "got <U1"),
    ],
)
def test_format_matrix_refuses(matrix, format_spec, pattern):
    with pytest.raises(UsageError, match=pattern):
        format_matrix(matrix, format_spec)
