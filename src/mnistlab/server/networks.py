"""The networks that the page can ask: those that ship with mnistlab and those of finished runs, loaded when needed."""

import dataclasses
import threading
from collections import OrderedDict
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.datasets.classes import DIGITS
from mnistlab.inference import Classifier, Judge
from mnistlab.inference.anatomy import Anatomy, LayerView, dissect
from mnistlab.inference.classifier import PROBABILITIES
from mnistlab.inference.layer_titles import LOGITS
from mnistlab.inference.pretrained import PRETRAINED, accuracies_of_pretrained, parameters_of_pretrained
from mnistlab.runs import Run, Summary, list_runs
from mnistlab.runs.run import MANIFEST, problem_of
from mnistlab.server.http.errors import ApiError
from mnistlab.server.http.sentences import say
from mnistlab.server.run_ids import is_utf8, run_id
from mnistlab.system.sentences import Sentence

SHIPPED = "shipped"
MAX_LOADED = 12  # networks kept in memory, a few MB each
MAX_LISTED = 100  # networks; of the runs, those that finished last
_TINY = 1e-30
Key = tuple[str, int]  # id and version


@dataclasses.dataclass(frozen=True)
class NetworkEntry:
    """What is known about a network before its file is read.

    Args:
        id: Name in addresses, `[a-z0-9-]{1,64}`.
        title: Name for people.
        model: Kind of network; `mlp` or `cnn` in the notebook.
        path: ONNX file of the network.
        folder: Folder of the run that trained it; `None` if it ships with mnistlab.
        recipe: Name of that run's recipe.
        test_accuracy: Accuracy on the test split of that run, or as measured for a network that ships, 0 to 1.
        num_parameters: Number of parameters of the Keras model, which count normalization as layers of their own.
        version: A number that changes whenever the file may have changed.
    """

    id: str
    title: str
    model: str
    path: Path
    folder: Path | None = None
    recipe: str | None = None
    test_accuracy: float | None = None
    num_parameters: int | None = None
    version: int = 0


@dataclasses.dataclass(frozen=True, eq=False)
class NetworkAnswer:
    """The answer of one network to some images.

    Args:
        probabilities: Calibrated probabilities, float32 `(num_images, 10)`.
        logits: Numbers that softmax turns into these probabilities, float32 `(num_images, 10)`. They are the numbers of
            the last layer divided by the temperature; for an average of several networks, logarithms of the
            probabilities.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Description:
    """What the list of networks says about a network.

    Args:
        entry: What was known before the file was read.
        layers: Layers of the network, in its order; none if it is damaged.
        num_parameters: Number of parameters of the Keras model.
        problem: What is wrong with a network that cannot be used, in a sentence.
        class_names: Names of the classes that a run was trained to tell apart, if they are other than digits.
    """

    entry: NetworkEntry
    layers: tuple[LayerView, ...] = ()
    num_parameters: int = 0
    problem: str | None = None
    class_names: tuple[str, ...] | None = None


class Network:
    """A network in memory.

    Args:
        entry: What was known before the file was read.
        classifier: The network, loaded from its file.
    """

    def __init__(self, entry: NetworkEntry, classifier: Classifier) -> None:
        self.entry, self.classifier = entry, classifier

    @cached_property
    def anatomy(self) -> Anatomy:
        """Kind, shape and field of each layer."""
        blank = self.classifier.activations(np.zeros(IMAGE_SHAPE, np.uint8))
        return dissect(self.entry.path, {name: values.shape for name, values in blank.items()})

    def answer(self, images: NDArray[np.uint8]) -> NetworkAnswer:
        """Asks the network about some images, uint8 `(num_images, 28, 28)`."""
        if LOGITS not in self.classifier.layers:
            probabilities = self.classifier(images)
            return NetworkAnswer(probabilities, np.log(np.maximum(probabilities, _TINY)))
        activations = self.classifier.activations(images)
        logits = activations[LOGITS] / np.float32(self.classifier.calibration.temperature)
        return NetworkAnswer(activations[PROBABILITIES], logits)


class Networks:
    """All networks by their ids. Every method may be called from any thread.

    Args:
        runs: Folder with runs; it need not exist.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._entries: dict[str, NetworkEntry] = {}
        self._descriptions: dict[Key, Description] = {}
        self._loaded: OrderedDict[Key, Network] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def load_shipped(self) -> None:
        """Loads the networks that ship, so that the first request does not wait for them."""
        for entry in _shipped():
            self._load(entry)

    @cached_property
    def judge(self) -> Judge:
        """The judge of the network that ships, which tells digits from other things."""
        return Judge(self[SHIPPED].classifier)

    def listed(self) -> list[Description]:
        """All networks, those that ship first. One that is damaged has a `problem`, and harms no other."""
        known, found = self._descriptions, dict[Key, Description]()
        for entry in self._refresh().values():
            key = (entry.id, entry.version)
            found[key] = known.get(key) or self._describe(entry)
        self._descriptions = found
        return [*found.values()]

    def _describe(self, entry: NetworkEntry) -> Description:
        try:
            anatomy = self._load(entry).anatomy
            classes = DIGITS if entry.folder is None else Run(entry.folder).classes
        except Exception as error:
            return Description(entry, problem=problem_of(entry.path, error))
        names = None if classes.is_digits else classes.names
        num_parameters = entry.num_parameters or anatomy.num_parameters
        return Description(entry, anatomy.layers, num_parameters, class_names=names)

    def __getitem__(self, network_id: str) -> Network:
        """The network with an id, loaded.

        Raises:
            ApiError: 404 if there is no such network.
            RunError: if its run is damaged; the server answers with 422.
        """
        entry = self._entries.get(network_id)
        if entry is None or entry.version != _version(entry.folder):
            entry = self._refresh().get(network_id)
        if entry is None:
            raise ApiError(404, "server.no_network", network=network_id)
        return self._load(entry)

    def _refresh(self) -> dict[str, NetworkEntry]:
        """Looks for runs again and returns all entries by their ids."""
        entries = [*_shipped(), *self._finished_runs()]
        with self._lock:
            self._entries = {entry.id: entry for entry in entries[:MAX_LISTED]}
            return dict(self._entries)

    def _finished_runs(self) -> list[NetworkEntry]:
        if not self._runs.is_dir():
            return []
        found = list_runs([self._runs], "date")
        return [_run_entry(one, self._runs) for one in found if one.metrics and is_utf8(one.folder)]

    def _load(self, entry: NetworkEntry) -> Network:
        key = (entry.id, entry.version)
        if network := self._loaded_before(key):
            return network
        with self._loading:  # a request for a loaded network does not wait for this lock
            if network := self._loaded_before(key):
                return network
            if entry.folder is not None:
                Run(entry.folder).require()
            network = Network(entry, Classifier(entry.path, num_threads=1))
        with self._lock:
            self._loaded[key] = network
            while len(self._loaded) > MAX_LOADED:
                self._loaded.popitem(last=False)
        return network

    def _loaded_before(self, key: Key) -> Network | None:
        with self._lock:
            if key in self._loaded:
                self._loaded.move_to_end(key)
            return self._loaded.get(key)


def _shipped() -> list[NetworkEntry]:
    """The entries of the networks that ship with the package."""
    known = [
        ("digits", SHIPPED, "network.shipped", "cnn"),
        ("mlp", f"{SHIPPED}-mlp", "network.shipped_mlp", "mlp"),
        ("cnn", f"{SHIPPED}-cnn", "network.shipped_cnn", "cnn"),
    ]
    accuracies, parameters = accuracies_of_pretrained(), parameters_of_pretrained()
    return [
        NetworkEntry(
            network_id,
            Sentence(say(key), key),
            model,
            PRETRAINED[name],
            test_accuracy=accuracies[name],
            num_parameters=parameters[name],
        )
        for name, network_id, key, model in known
    ]


def _run_entry(summary: Summary, runs: Path) -> NetworkEntry:
    """The entry of the network of a run that reached its end."""
    relative, metrics = summary.folder.relative_to(runs), summary.metrics
    return NetworkEntry(
        run_id(relative),
        relative.as_posix() if summary.dataset == "MNIST" else f"{relative.as_posix()}, {summary.dataset}",
        str(metrics["model"]),
        summary.folder / "model.onnx",
        summary.folder,
        None if summary.recipe is None else summary.recipe.name,
        float(metrics["test_accuracy"]),
        int(metrics["num_parameters"]),
        _version(summary.folder),
    )


def _version(folder: Path | None) -> int:
    """Time of the manifest in nanoseconds; 0 for a network that ships, -1 if the run is gone."""
    if folder is None:
        return 0
    try:
        return (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return -1
