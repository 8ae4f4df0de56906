"""Charts survive the way to plain data and back, and what cannot be drawn is refused."""

import dataclasses
import json

import pytest

from mnistlab.evaluation.charts import Axis, Chart, Point, Series
from mnistlab.exceptions import UsageError

CHART = Chart(
    "Test accuracy",
    Axis("batch size", "images", "log"),
    Axis("test accuracy", "%"),
    (
        Series("mlp", (Point(32.0, 97.8, 97.5, 98.1, 5), Point(128.0, 98.2))),
        Series("cnn", ()),
    ),
    "Test accuracy over the batch size.",
    (Series("claimed: 91 %", (Point(128.0, 91.0),)),),
)


def test_a_chart_is_the_same_after_json():
    assert Chart.from_plain(json.loads(json.dumps(CHART.to_plain()))) == CHART
    names = dataclasses.replace(CHART, series=(Series("", (Point("mlp", 98.2),)),), marks=())
    assert Chart.from_plain(json.loads(json.dumps(names.to_plain()))) == names


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("field", ["x", "y", "low", "high"])
def test_a_number_that_is_not_finite_is_refused(field, number):
    with pytest.raises(UsageError, match="needs finite numbers"):
        dataclasses.replace(CHART.series[0].points[0], **{field: number})


def test_a_scale_that_nothing_draws_is_refused():
    with pytest.raises(UsageError, match="scale 'cubic'; it must be one of linear, log, zero, names"):
        Axis("test accuracy", "%", "cubic")


@pytest.mark.parametrize("key", ["title", "x", "y", "series", "caption", "marks"])
def test_plain_data_that_lack_something_are_no_chart(key):
    plain = CHART.to_plain()
    del plain[key]
    with pytest.raises(KeyError):
        Chart.from_plain(plain)
