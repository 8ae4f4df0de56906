"""Networks that somebody broke, and the numbers for computing their cells by hand, kept for a while."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from mnistlab.datasets import Split
from mnistlab.exceptions import RunError
from mnistlab.inference import Classifier
from mnistlab.inference.arithmetic import Arithmetic
from mnistlab.inference.onnx_files import RefusalError, checked_network, read_file
from mnistlab.inference.surgery import Damage, MissingPartError, Part, damaged, parts_of
from mnistlab.server.http.errors import ApiError
from mnistlab.server.networks import Network, Networks

SAMPLE_STEP = 10  # every tenth image of the test split, from the first on: both its easy half and its hard one
BATCH_SIZE = 100  # images
MAX_BROKEN = 6  # networks kept in memory, a few MB each
MAX_SOUND = 12  # of whose arithmetic the same is true
MAX_COUNTS = 512  # a number each
T = TypeVar("T")
Key = tuple[str, int, Damage]


class _Kept:
    """Values by their keys, those that were not asked for longest forgotten first."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._values: OrderedDict[Key, object] = OrderedDict()

    def get(self, key: Key, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]  # type: ignore[return-value]
        value = make()  # two threads may make the same at the same time, and one of them is kept
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value


class Surgery:
    """Breaks networks. Every method may be called from any thread.

    Args:
        networks: Networks that can be asked.
        load_test: Gives the test split of MNIST.
    """

    def __init__(self, networks: Networks, load_test: Callable[[], Split]) -> None:
        self._networks, self._load_test = networks, load_test
        self._broken, self._arithmetic, self._counts = _Kept(MAX_BROKEN), _Kept(MAX_SOUND), _Kept(MAX_COUNTS)
        self._parts = _Kept(MAX_SOUND)

    def network(self, network_id: str, damage: Damage) -> Network:
        """A network with damage; the sound one if only pixels are covered.

        Raises:
            ApiError: 404 if there is no such network, or it lacks what is to be broken.
            RunError: if its run is damaged.
        """
        sound = self._networks[network_id]
        if not damage.harms_network:
            return sound
        bare = Damage(damage.cuts, damage.noise, damage.seed)
        return self._broken.get((network_id, sound.entry.version, bare), lambda: self._break(sound, bare))

    def parts(self, network_id: str) -> tuple[Part, ...]:
        """The layers of a network that can be broken."""
        sound = self._networks[network_id]
        key = (network_id, sound.entry.version, Damage())
        return self._parts.get(key, lambda: parts_of(_content(sound), sound.classifier.layers))

    def arithmetic(self, network_id: str, damage: Damage) -> Arithmetic | None:
        """How the layers of a network come from each other; `None` if that cannot be described."""
        sound = self._networks[network_id]
        bare = Damage(damage.cuts, damage.noise, damage.seed)
        key = (network_id, sound.entry.version, bare)
        return self._arithmetic.get(key, lambda: _arithmetic(sound, bare))

    def count_correct(self, network_id: str, damage: Damage) -> tuple[int, int]:
        """How many images of the sample a network with damage classifies correctly, and how many there are."""
        sound = self._networks[network_id]
        test = self._load_test()
        images, labels = test.images[::SAMPLE_STEP], test.labels[::SAMPLE_STEP]

        def count() -> int:
            classifier = self._edited(sound, damage, only_answers=True)
            shown = damage.cover(images)
            firsts = range(0, len(shown), BATCH_SIZE)
            answers = [classifier(shown[first : first + BATCH_SIZE]).argmax(axis=1) for first in firsts]
            return sum(
                int((answer == labels[first : first + BATCH_SIZE]).sum())
                for first, answer in zip(firsts, answers, strict=True)
            )

        return self._counts.get((network_id, sound.entry.version, damage), count), len(images)

    def _break(self, sound: Network, damage: Damage) -> Network:
        broken = Network(sound.entry, self._edited(sound, damage))
        broken.anatomy = sound.anatomy
        return broken

    def _edited(self, sound: Network, damage: Damage, *, only_answers: bool = False) -> Classifier:
        layers = sound.classifier.layers

        def edit(content: bytes) -> bytes:
            return damaged(content, damage, layers, only_answers=only_answers)

        try:
            return Classifier(sound.entry.path, num_threads=1, edit=edit)
        except MissingPartError as error:
            raise ApiError(404, "server.no_part") from error


def _content(sound: Network) -> bytes:
    """The network's file, which has been checked before."""
    try:
        return checked_network(read_file(sound.entry.path))[0]
    except RefusalError as refusal:  # it was exchanged in the meantime
        raise RunError(f"{sound.entry.path} is not a network that mnistlab can use: {refusal}.") from refusal


def _arithmetic(sound: Network, damage: Damage) -> Arithmetic | None:
    layers = sound.classifier.layers
    try:
        return Arithmetic(damaged(_content(sound), damage, layers), layers)
    except MissingPartError as error:
        raise ApiError(404, "server.no_part") from error
    except RefusalError:
        return None
