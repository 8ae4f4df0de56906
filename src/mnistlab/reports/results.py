"""What reports are made from: the shapes of `results.json`, and of what a run's report shows.

They stand here, below `experiments`, because both rooms need them and imports run down the floors.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from mnistlab.runs.run import HistoryRow


class ClassNames(TypedDict):
    """The classes of a data set; MNIST's are digits without more words."""

    noun: NotRequired[Literal["digit", "class"]]
    class_names: NotRequired[list[str]]


class RunData(ClassNames):
    """The data set of one run."""

    name: str
    train_images: int
    validation_images: int


class RunResults(TypedDict):
    """What the report of one run shows."""

    mnistlab: str
    recipe: dict[str, Any]
    metrics: dict[str, Any]
    interval: list[float]
    num_test_images: int
    history: list[HistoryRow]
    per_digit_accuracy: list[float | None]
    confusion: NotRequired[list[list[int]]]
    environment: dict[str, Any]
    dataset: NotRequired[RunData]
    warnings: NotRequired[list[str]]


class ExperimentResults(TypedDict):
    """`results.json` of an experiment; some experiments add figures of their own."""

    mnistlab: str
    experiment: str
    question: str
    answer: list[str]
    method: list[str]
    dataset: str
    warnings: NotRequired[list[str]]
    num_test_images: int
    environment: dict[str, Any]
    recipe: dict[str, Any]
    settings: list[dict[str, Any]]
    groups: Sequence[Mapping[str, Any]]
    charts: dict[str, dict[str, Any]]
    rows: Sequence[Mapping[str, Any]]


class DatasetResults(ClassNames):
    """The data set in numbers; `folder` is what `--data` was given, without the path of a machine."""

    name: str
    folder: NotRequired[str]
    train_images: int
    test_images: int
    height: int
    width: int
    class_counts: list[int]
    sample: dict[str, Any]
    one_hot: list[dict[str, Any]]


class ModelRun(TypedDict):
    """One training run of a network."""

    seed: int
    train_seconds: float
    images_per_second: float
    test_accuracy: float
    test_loss: float
    test_errors: int
    folder: str
    interval: list[float]
    history: list[HistoryRow]


class ModelResults(TypedDict):
    """A network over its seeds; per digit and confusion are those of the first."""

    recipe: dict[str, Any]
    summary: str
    num_parameters: int
    num_train_images: int
    runs: list[ModelRun]
    test_accuracy_mean: float
    test_accuracy_std: float | None
    per_digit_accuracy: list[float | None]
    confusion: list[list[int]]


class BatchSizeRow(TypedDict):
    """One training run of the batch-size question."""

    batch_size: int
    steps: int
    train_seconds: float
    test_accuracy: float
    test_errors: int
    interval: list[float]
    final_losses: list[float]


class BatchSizeResults(TypedDict):
    """The batch-size question and its answer."""

    model: str
    epochs: int
    rows: list[BatchSizeRow]
    answer: list[str]


class ErrorComparison(TypedDict):
    """How the mistakes of two networks on the same images relate."""

    errors: dict[str, int]
    both_wrong: int
    only_mlp_wrong: int
    only_cnn_wrong: int
    sentence: str


class SpreadResults(TypedDict):
    """The place of one test accuracy among those of other runs of the same recipe, in numbers and sentences."""

    num_runs: int
    lowest: float
    median: float
    highest: float
    test_accuracy: float
    num_below: int
    sentences: list[str]


class PhaseSeconds(TypedDict):
    """Where the time of the whole notebook went, in seconds: each part, as the words of its key say."""

    starting: float
    training: float
    scoring_and_saving: float
    figures_and_report: float


class NotebookResults(TypedDict):
    """`results.json` of the whole notebook; `total_seconds` and `seconds` are `None` if some runs were kept."""

    mnistlab: str
    environment: dict[str, Any]
    warnings: NotRequired[list[str]]
    dataset: DatasetResults
    models: dict[str, ModelResults]
    batch_size: BatchSizeResults
    comparison: ErrorComparison
    cnn_among_others: NotRequired[SpreadResults]
    folders: dict[str, str]
    total_seconds: float | None
    seconds: PhaseSeconds | None


class StepFeedback(TypedDict):
    """What a student is told about one step of the exercise."""

    key: str
    title: str
    symbol: str
    mark: str
    points: int
    out_of: int
    message: str
    reason: str
    is_open: bool  # whether there is still something to do


class FeedbackResults(TypedDict):
    """The grade of one notebook, for the student who handed it in."""

    mnistlab: str
    environment: dict[str, Any]
    file: str
    points: int
    out_of: int
    num_done: int
    ended: str  # a sentence about how the notebook's run ended; empty if it ran to its end
    steps: list[StepFeedback]
    problems: list[str]
