"""What was wrong with a request's fields, in plain words; the library that checks them says it in its own."""

from collections.abc import Iterable, Mapping
from typing import Any

from mnistlab.server.http.sentences import tell

MAX_PLACE = 80  # characters shown of the name of a wrong field, which may be the client's own text
MAX_NAMED = 3  # problems
WHOLE = ("int_type", "int_parsing", "int_from_float", "int_parsing_size")
NUMBERS = ("float_type", "float_parsing", "finite_number")
OBJECTS = ("dict_type", "model_type", "model_attributes_type", "dataclass_type", "mapping_type")


def describe(problems: Iterable[Mapping[str, Any]]) -> str:
    """The first three problems in words, without repeating what the client sent.

    Args:
        problems: What Pydantic's `errors()` gives: `loc`, the field's place, `type`, the kind of problem, and `ctx`,
            the limits that were broken.

    Example:
        >>> describe([{"loc": ("body", "epochs"), "type": "less_than_equal", "ctx": {"le": 100}}])
        'epochs must be at most 100'
        >>> describe([{"loc": ("body",), "type": "missing"}])
        'the body is missing'
    """
    return "; ".join(f"{_place(problem['loc'])} {_complaint(problem)}" for problem in list(problems)[:MAX_NAMED])


def _place(parts: Iterable[str | int]) -> str:
    """A field as a client knows it: `images[0].image`; where it came from is said only if the field has no name."""
    where, *names = parts
    if not [name for name in names if isinstance(name, str)]:
        return tell(f"server.the_{where}")
    text = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in names).removeprefix(".")
    return text.encode("ascii", "backslashreplace").decode()[:MAX_PLACE]


def _complaint(problem: Mapping[str, Any]) -> str:
    kind, limits = problem["type"], problem.get("ctx") or {}
    if kind in _WITH_LIMITS and limits:
        key, limit = _WITH_LIMITS[kind]
        return tell(
            f"server.must_{key}", limit=limits[limit] if isinstance(limits[limit], int | float) else str(limits[limit])
        )
    return tell(f"server.must_{_PLAIN.get(kind, 'be_described')}")


_WITH_LIMITS = {  # the sentence of the catalogue, and which of the limits it names
    "greater_than": ("be_more", "gt"),
    "greater_than_equal": ("be_least", "ge"),
    "less_than": ("be_less", "lt"),
    "less_than_equal": ("be_most", "le"),
    "string_too_short": ("have_letters", "min_length"),
    "string_too_long": ("have_fewer_letters", "max_length"),
    "string_pattern_mismatch": ("match", "pattern"),
    "too_short": ("have_members", "min_length"),
    "too_long": ("have_fewer_members", "max_length"),
    "literal_error": ("be_one_of", "expected"),
    "enum": ("be_one_of", "expected"),
    "value_error": ("be_right", "error"),
}

_PLAIN = {
    "missing": "be_there",
    "extra_forbidden": "be_left_out",
    "json_invalid": "be_json",
    "string_type": "be_text",
    "string_unicode": "be_utf8",
    "bytes_type": "be_text",
    "bool_type": "be_true_or_false",
    "bool_parsing": "be_true_or_false",
    "list_type": "be_list",
    "none_required": "be_null",
    **dict.fromkeys(WHOLE, "be_whole"),
    **dict.fromkeys(NUMBERS, "be_number"),
    **dict.fromkeys(OBJECTS, "be_object"),
}
