"""The same trainings as Ray tasks, on one machine or many; Ray does all the scheduling."""

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mnistlab.exceptions import MnistlabError, TrainingError, UsageError
from mnistlab.recipes import Recipe

ANSWER_SECONDS = 5
MAX_RETRIES = 5  # of a task whose worker died


def train_on_ray(tasks: Mapping[Path, Recipe], address: str, data_folder: Path | None) -> Iterator[Path]:
    """Trains recipes as Ray tasks and yields each folder when its run is finished.

    A task has a machine's processors to itself, as a training in this process has: with another number of threads it
    would end with other last digits. A task whose worker dies is started again and goes on from its last checkpoint.

    Args:
        tasks: run folders, on storage that all machines of the cluster see under the same path, and what to train
            there.
        address: of a running cluster, `HOST:PORT`; or `"auto"` for one that is started on this machine.
        data_folder: where the data set's four files lie, visible to all machines; MNIST by default.

    Raises:
        UsageError: if Ray is not installed, or the cluster cannot be reached.
        MnistlabError: what training raises.

    Source:
        Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", OSDI 2018.
    """
    try:
        import ray
    except ImportError as error:
        raise UsageError("--cluster needs Ray, which is not installed. Run: pip install 'mnistlab[cluster]'") from error
    if address != "auto":
        _check_reachable(address)
    os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's own 15 would let a training wait for everything else
    options: dict[str, Any] = {"address": address} if address != "auto" else {"num_cpus": os.cpu_count() or 1}
    try:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="error", **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"There is no Ray cluster at {address}: {error}. Start one, or use --cluster auto.") from error
    try:
        processors = int(min(node["Resources"].get("CPU", 1) for node in ray.nodes() if node["Alive"]))
        environment = {"env_vars": {"OMP_NUM_THREADS": str(processors)}}
        train = ray.remote(num_cpus=processors, max_retries=MAX_RETRIES, runtime_env=environment)(_train)
        data = None if data_folder is None else str(data_folder.resolve())
        waiting = {train.remote(str(folder.resolve()), recipe, data): folder for folder, recipe in tasks.items()}
        while waiting:
            (finished, *_), _ = ray.wait(list(waiting), num_returns=1)
            folder = waiting.pop(finished)
            try:
                ray.get(finished)
            except ray.exceptions.RayTaskError as error:
                cause = error.cause
                raise cause if isinstance(cause, MnistlabError) else TrainingError(str(error)) from error
            except ray.exceptions.RayError as error:
                raise TrainingError(
                    f"The training in {folder} was lost {MAX_RETRIES + 1} times: {type(error).__name__}. "
                    "The same command tries again; finished trainings are kept."
                ) from error
            yield folder
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Refuses an address at which nothing listens; Ray itself would end this process after half a minute."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(
            f"There is no Ray cluster at {address}: {error}. Expected HOST:PORT, as `ray start --head` prints it, "
            "or auto."
        ) from error


def _train(folder: str, recipe: Recipe, data_folder: str | None) -> None:
    """What a worker does; it loads the data from its own disk, so that none goes through the network."""
    from mnistlab import datasets, training

    dataset = datasets.load_mnist() if data_folder is None else datasets.load_idx(Path(data_folder))
    training.train(recipe, dataset, folder, progress=False)
