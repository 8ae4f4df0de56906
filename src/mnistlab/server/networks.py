"""The networks that the page can ask: those that ship with mnistlab and those of finished runs, loaded when asked."""

import contextlib
import dataclasses
import threading
from collections import OrderedDict
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistlab.datasets import IMAGE_SHAPE
from mnistlab.exceptions import MnistlabError
from mnistlab.inference import PROBABILITIES, Classifier
from mnistlab.pretrained import PRETRAINED, accuracies_of_pretrained
from mnistlab.records.listing import list_runs
from mnistlab.refusal import Judge
from mnistlab.runs import MANIFEST, Run
from mnistlab.server.http.errors import ApiError
from mnistlab.server.layers import LOGITS, Anatomy, Layer, dissect
from mnistlab.server.run_ids import run_id

SHIPPED = "shipped"
MAX_LOADED = 12  # networks in memory, a few MB each
MAX_LISTED = 100  # the last ones that finished
_TINY = 1e-30
Key = tuple[str, int]  # id and version


@dataclasses.dataclass(frozen=True)
class Entry:
    """What is known of a network before its file is read.

    Args:
        id: `[a-z0-9-]{1,64}`.
        title: for people.
        model: the kind of network, `mlp` or `cnn` in the notebook.
        path: its ONNX file.
        folder: the run it belongs to; `None` if it ships with mnistlab.
        recipe: of that run.
        test_accuracy: of that run, 0 to 1.
        num_parameters: of its Keras model.
        version: another one as soon as the file may be another.
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
class Answer:
    """What a network says of some images.

    Args:
        probabilities: float32 `(num_images, 10)`, calibrated.
        logits: float32 `(num_images, 10)`: what softmax makes these probabilities of. The numbers of the last layer
            divided by the temperature; of an average of several networks, logarithms of the probabilities.
    """

    probabilities: NDArray[np.float32]
    logits: NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Description:
    """What a list says of a network that can be used.

    Args:
        entry: which.
        layers: what it consists of.
        num_parameters: of the run's Keras model, or else those in the file, where normalization is part of the weights.
    """

    entry: Entry
    layers: tuple[Layer, ...]
    num_parameters: int


class Network:
    """A network in memory.

    Args:
        entry: which.
        classifier: it, loaded.
    """

    def __init__(self, entry: Entry, classifier: Classifier) -> None:
        self.entry, self.classifier = entry, classifier

    @cached_property
    def anatomy(self) -> Anatomy:
        """Its layers, with what they are and what they see."""
        blank = self.classifier.activations(np.zeros(IMAGE_SHAPE, np.uint8))
        return dissect(self.entry.path, {name: values.shape for name, values in blank.items()})

    def answer(self, images: NDArray[np.uint8]) -> Answer:
        """Asks it: images uint8 `(num_images, 28, 28)`."""
        if LOGITS not in self.classifier.layers:
            probabilities = self.classifier(images)
            return Answer(probabilities, np.log(np.maximum(probabilities, _TINY)))
        activations = self.classifier.activations(images)
        logits = activations[LOGITS] / np.float32(self.classifier.calibration.temperature)
        return Answer(activations[PROBABILITIES], logits)


class Networks:
    """The table of networks. Every method may be called from any thread.

    Args:
        runs: folder with runs; it need not exist.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._entries: dict[str, Entry] = {}
        self._descriptions: dict[Key, Description] = {}
        self._loaded: OrderedDict[Key, Network] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def load_shipped(self) -> None:
        """Loads what ships, so that the first to ask does not wait for it."""
        for entry in _shipped():
            self._load(entry)

    @cached_property
    def judge(self) -> Judge:
        """That of the network that ships, which tells digits from other things."""
        return Judge(self[SHIPPED].classifier)

    def listed(self) -> list[Description]:
        """All networks that can be used, those that ship first; damaged runs are left out."""
        known, found = self._descriptions, dict[Key, Description]()
        for entry in self._refresh().values():
            key = (entry.id, entry.version)
            with contextlib.suppress(MnistlabError):
                found[key] = known.get(key) or self._describe(entry)
        self._descriptions = found
        return [*found.values()]

    def _describe(self, entry: Entry) -> Description:
        anatomy = self._load(entry).anatomy
        return Description(entry, anatomy.layers, entry.num_parameters or anatomy.num_parameters)

    def __getitem__(self, network_id: str) -> Network:
        """The network of an id.

        Raises:
            ApiError: 404 if there is none, 422 if its run is damaged.
        """
        entry = self._entries.get(network_id)
        if entry is None or entry.version != _version(entry.folder):
            entry = self._refresh().get(network_id)
        if entry is None:
            raise ApiError(404, f"There is no network {network_id}. /api/networks lists them.")
        return self._load(entry)

    def _refresh(self) -> dict[str, Entry]:
        """Looks which runs are there now."""
        entries = [*_shipped(), *self._finished_runs()]
        with self._lock:
            self._entries = {entry.id: entry for entry in entries[:MAX_LISTED]}
            return dict(self._entries)

    def _finished_runs(self) -> list[Entry]:
        if not self._runs.is_dir():
            return []
        return [
            entry
            for found in list_runs([self._runs], "date")
            if found.state == "finished" and (entry := _run_entry(Path(found.folder), self._runs)) is not None
        ]

    def _load(self, entry: Entry) -> Network:
        key = (entry.id, entry.version)
        if network := self._loaded_before(key):
            return network
        with self._loading:  # who asks for a network that is there does not wait for others to be loaded
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


def _shipped() -> list[Entry]:
    """Those that are in the package."""
    known = [
        ("digits", SHIPPED, "The reader's network", "cnn"),
        ("mlp", f"{SHIPPED}-mlp", "The notebook's MLP", "mlp"),
        ("cnn", f"{SHIPPED}-cnn", "The notebook's CNN", "cnn"),
    ]
    accuracies = accuracies_of_pretrained()
    return [
        Entry(network_id, title, model, PRETRAINED[name], test_accuracy=accuracies[name])
        for name, network_id, title, model in known
    ]


def _run_entry(folder: Path, runs: Path) -> Entry | None:
    run = Run(folder)
    try:
        relative = folder.relative_to(runs)
        metrics, dataset = run.metrics, str(run.dataset["name"])
        return Entry(
            run_id(relative),
            relative.as_posix() if dataset == "MNIST" else f"{relative.as_posix()}, {dataset}",
            str(metrics["model"]),
            run.onnx_path,
            folder,
            run.recipe.name,
            float(metrics["test_accuracy"]),
            int(metrics["num_parameters"]),
            _version(folder),
        )
    except (MnistlabError, KeyError, TypeError, ValueError):  # changed since it was listed, or named in no UTF-8
        return None


def _version(folder: Path | None) -> int:
    """When the manifest was written, in nanoseconds; 0 for what ships, -1 where it is gone."""
    if folder is None:
        return 0
    try:
        return (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return -1
