"""Training runs as Ray tasks, on one machine or many; Ray does all the scheduling."""

import contextlib
import importlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mnistlab import __version__
from mnistlab.exceptions import MnistlabError, TrainingError, UsageError
from mnistlab.recipes import Recipe
from mnistlab.system.extras import require_extra

ANSWER_SECONDS = 5
CLUSTER_SECONDS = 40  # that a process may take to start Ray and join a cluster
MAX_RETRIES = 5  # of a task whose worker died
THREAD_VARIABLES = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

_OWN_SETTINGS = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # what is the default there: all processes meet at 127.0.0.1
    "RAY_AUTH_TOKEN": secrets.token_hex(32),  # the password, which Ray would make and keep in a file
}
"""The environment of a Ray that is started here, and of its processes."""


def train_on_ray(
    tasks: Mapping[Path, Recipe], address: str, fingerprint: str, data_folder: Path | None
) -> Iterator[Path]:
    """Trains recipes as Ray tasks and yields each folder when its run is finished.

    A task has a machine's processors to itself, like a training run in this process: with another number of threads the
    last digits of its results would differ. A task whose worker dies is started again and goes on from its last
    checkpoint.

    Args:
        tasks: Recipe to train in each run folder; the folders are on storage that all machines of the cluster see under
            the same path.
        address: Address of a running cluster, `HOST:PORT`; or `"auto"` for one that is started on this machine.
        fingerprint: Fingerprint of the data set, which all machines must find.
        data_folder: Folder with the data set's four files, visible to all machines; MNIST by default.

    Raises:
        UsageError: if Ray is not installed, or the cluster cannot be reached.
        MnistlabError: if a training run fails.

    Source:
        Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", OSDI 2018.
    """
    check_cluster(address)
    with _keeping_to_this_machine() if address == "auto" else contextlib.nullcontext():
        yield from _train_on_ray(tasks, address, fingerprint, data_folder)


def _train_on_ray(
    tasks: Mapping[Path, Recipe], address: str, fingerprint: str, data_folder: Path | None
) -> Iterator[Path]:
    import ray

    os.environ.setdefault("RAY_worker_niceness", "0")  # with Ray's own 15 a training run would wait for everything else
    # "local": never a cluster that somebody else has started here, nor the one that RAY_ADDRESS names.
    own = {"address": "local", "num_cpus": _count_processors()}
    options: dict[str, Any] = own if address == "auto" else {"address": address}
    try:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="error", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(
            f"There is no Ray cluster at {address}: {error}. Start one, or take auto.", argument="address"
        ) from error
    try:
        # Every task gets as many processors as the smallest machine has; one without any only coordinates.
        counts = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
        processors = min((count for count in counts if count), default=1)
        environment = {"env_vars": {name: str(processors) for name in THREAD_VARIABLES}}
        train = ray.remote(num_cpus=processors, max_retries=MAX_RETRIES, runtime_env=environment)(_train)
        data = None if data_folder is None else str(data_folder.resolve())
        same = (__version__, fingerprint, data)
        waiting = {train.remote(str(folder.resolve()), recipe, *same): folder for folder, recipe in tasks.items()}
        while waiting:
            (finished, *_), _ = ray.wait(list(waiting), num_returns=1)
            folder = waiting.pop(finished)
            try:
                ray.get(finished)
            except ray.exceptions.RayTaskError as error:
                cause = error.cause
                if isinstance(cause, MnistlabError):
                    raise cause from error
                raise TrainingError(f"The training in {folder} failed: {type(cause).__name__}: {cause}.") from error
            except ray.exceptions.RayError as error:
                raise TrainingError(
                    f"The training in {folder} was lost {MAX_RETRIES + 1} times: {type(error).__name__}. "
                    "The same command tries again; finished trainings are kept."
                ) from error
            yield folder
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _keeping_to_this_machine() -> Iterator[None]:
    """Lets a Ray that is started here speak to this machine alone, and write into the temporary folder alone.

    Left to itself it listens on the network, asks the services of three clouds whether it runs there, even with its
    usage statistics switched off, and keeps the password of its processes in the home folder.
    """
    environment = {name: os.environ.get(name) for name in ("RAY_AUTH_MODE", *_OWN_SETTINGS)}
    os.environ |= _OWN_SETTINGS
    from ray._private import ray_constants, services

    replaced: list[tuple[Any, str, Any]] = [
        (ray_constants, "ENABLE_RAY_CLUSTER", False),  # the first setting, as it was when Ray was imported
        # Without a dashboard Ray starts the dashboard's process all the same, for the usage statistics alone.
        (services, "start_api_server", lambda *_, **__: ("", None)),
    ]
    original = [(module, name, getattr(module, name, None)) for module, name, _ in replaced]
    for module, name, value in replaced:
        setattr(module, name, value)
    _forget_password()
    try:
        yield
    finally:
        for module, name, value in original:
            setattr(module, name, value)
        for name, text in environment.items():
            os.environ.pop(name, None)
            if text is not None:
                os.environ[name] = text
        _forget_password()


def _forget_password() -> None:
    """Lets Ray look anew for the password of the next cluster; older releases have none."""
    with contextlib.suppress(ImportError, AttributeError):
        importlib.import_module("ray._raylet").AuthenticationTokenLoader.instance().reset_cache()


def check_cluster(address: str) -> None:
    """Rejects a cluster that cannot be used, before anything slow begins.

    Raises:
        UsageError: if Ray is not installed, or no cluster answers at the address.
    """
    require_extra("cluster", "A cluster")
    if address != "auto":
        _check_reachable(address)


def _count_processors() -> int:
    """Number of processors that this process may use, which is the number of threads of a training run in it."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _check_reachable(address: str) -> None:
    """Rejects an address at which no Ray listens; Ray itself would end this process after half a minute."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
        _ask(address)
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(
            f"There is no Ray cluster at {address}: {error}. Expected HOST:PORT, as `ray start --head` prints it, "
            "or auto."
        ) from error


def _ask(address: str) -> None:
    """Joins a cluster in a process of its own, which Ray ends if something else listens there.

    Raises:
        OSError: if there is no answer.
    """
    code = "import sys, ray; ray.init(address=sys.argv[1], include_dashboard=False, log_to_driver=False)"
    asked = [sys.executable, "-c", code, address]
    try:
        answer = subprocess.run(asked, capture_output=True, timeout=CLUSTER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise OSError("what listens there does not answer as Ray does") from None
    if b"InvalidAuthToken" in answer.stderr:
        raise OSError("it asks for a token; set RAY_AUTH_MODE=token, and give Ray the cluster's")
    if answer.returncode:
        raise OSError("what listens there does not answer as this version of Ray does")


def _train(folder: str, recipe: Recipe, version: str, fingerprint: str, data_folder: str | None) -> None:
    """The work of a task; the worker loads the data from its own disk, so that none goes through the network."""
    from mnistlab import datasets, training

    machine = socket.gethostname()
    if version != __version__:
        raise UsageError(f"{machine} has mnistlab {__version__}, not {version}. Install the same on all machines.")
    dataset = datasets.load_mnist() if data_folder is None else datasets.load_idx(Path(data_folder))
    if dataset.fingerprint() != fingerprint:
        raise UsageError(f"{machine} finds other data in {data_folder or 'its MNIST'} than this machine does.")
    training.train(recipe, dataset, folder, progress=False)
