"""What the page's server makes of 10,000 broken pictures and 10,000 broken requests, and what memory it takes for that.

A server of its own gets them over HTTP from two clients at a time: pictures (odd_pictures.py) at `/api/read`, JSON
(odd_requests.py) at every route that takes some. Every answer must be one that a client can act on: none is 5xx,
but 503 with Retry-After, which is counted apart, and every refusal a sentence. A training that a request happens to
start is stopped. Writes benchmarks/results/fuzzing.json and puts its table into docs/results.md.

    python benchmarks/measure/fuzzing.py [--number 10000] [--table-only]
"""

import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.material import odd_pictures, odd_requests
from benchmarks.measure import readme
from mnistlab.backend import describe_environment
from mnistlab.files import write_json

RESULTS = Path(__file__).parents[1] / "results" / "fuzzing.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "results.md"
NUM_CLIENTS = 2
TIMEOUT = 120.0  # seconds; what takes longer is counted as no answer
LOOK_SECONDS = 0.05  # between two looks at the memory
WARM_UP = 40  # pictures and requests before memory is first looked at, so that libraries are loaded


@dataclasses.dataclass(frozen=True)
class Sent:
    """One broken thing: what was done to it, where it goes, its bytes and headers."""

    kind: str
    path: str
    content: bytes
    headers: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came back: a status, or 0 if the connection ended without one."""

    number: int
    kind: str
    path: str
    status: int
    seconds: float
    is_proper: bool


@dataclasses.dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    process_id: int


def sent_picture(number: int) -> Sent:
    """A broken picture."""
    kind, content, media_type = odd_pictures.picture(number)
    return Sent(kind, "/api/read", content, {"Content-Type": media_type})


def sent_request(number: int) -> Sent:
    """A broken request."""
    return Sent(*odd_requests.body(number))


@contextlib.contextmanager
def served() -> Iterator[Served]:
    """A server with an empty runs folder, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "mnistlab", "serve", "--port", "0", "--runs", f"{folder}/runs"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            found = re.search(r"http://[\w.:]+", process.stdout.readline())
            assert found, "mnistlab serve printed no address"
            yield Served(found[0], process.pid)
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()


def memory_megabytes(process_id: int) -> float:
    """What a process and its children hold in memory."""
    pages, parents = {}, {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            name = int(entry.name)
            parents[name] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            pages[name] = int((entry / "statm").read_text().split()[1])
    family = {process_id}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(pages.get(one, 0) for one in family) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Meter:
    """The largest memory of a server while it is looked at."""

    def __init__(self, server: Served) -> None:
        self.largest, self._server, self._ended = 0.0, server, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.largest = max(self.largest, memory_megabytes(self._server.process_id))

    def __enter__(self) -> "Meter":
        """Begins to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        self._ended.set()
        self._thread.join()


def is_proper(response: httpx.Response) -> bool:
    """Whether an answer is one that a client can act on."""
    if response.status_code == 503 and not response.headers.get("Retry-After", "").isdigit():
        return False
    if response.status_code < 400:
        return True
    try:
        content = response.json()
    except ValueError:
        return False
    return isinstance(content, dict) and list(content) == ["error"] and 10 <= len(content["error"]) <= 1000


def send(client: httpx.Client, number: int, sent: Sent) -> Outcome:
    """Sends one and waits."""
    start, status, proper = time.perf_counter(), 0, True
    try:
        response = client.post(sent.path, content=sent.content, headers=sent.headers)
        status, proper = response.status_code, is_proper(response)
        if sent.path == "/api/runs" and status == 201:
            client.post(f"/api/runs/{response.json()['id']}/stop", json={})
    except httpx.TransportError:  # a client that still sends when it is refused may find the connection closed
        client.get("/api/health").raise_for_status()
    return Outcome(number, sent.kind.split()[0], sent.path, status, time.perf_counter() - start, proper)


def send_all(server: Served, make: Callable[[int], Sent], numbers: range) -> list[Outcome]:
    """Sends many from several clients at a time, and sees that the server answers after the last."""
    clients = [httpx.Client(base_url=server.address, timeout=TIMEOUT) for _ in range(NUM_CLIENTS)]

    def work(client: httpx.Client, own: range) -> list[Outcome]:
        return [send(client, number, make(number)) for number in own]

    with ThreadPoolExecutor(NUM_CLIENTS) as executor:
        parts = executor.map(work, clients, (numbers[at::NUM_CLIENTS] for at in range(NUM_CLIENTS)))
        outcomes = [outcome for part in parts for outcome in part]
    assert clients[0].get("/api/health").json() == {"status": "ok"}
    for client in clients:
        client.close()
    return outcomes


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    """Counts, and the numbers of those that must not be."""
    statuses = Counter(outcome.status for outcome in outcomes)
    faults = [one for one in outcomes if (one.status >= 500 and one.status != 503) or not one.is_proper]
    slowest = max(outcomes, key=lambda one: one.seconds)
    return {
        "num_sent": len(outcomes),
        "answered": sum(number for status, number in statuses.items() if 0 < status < 400),
        "refused": sum(number for status, number in statuses.items() if 400 <= status < 500),
        "busy": statuses[503],
        "closed": statuses[0],
        "server_errors": sum(number for status, number in statuses.items() if status >= 500 and status != 503),
        "improper": sum(not one.is_proper for one in outcomes),
        "statuses": {str(status): number for status, number in sorted(statuses.items())},
        "slowest_seconds": slowest.seconds,
        "slowest": [slowest.kind, slowest.number],
        "faults": [dataclasses.asdict(one) for one in faults[:20]],
    }


def measure(number: int) -> dict[str, Any]:
    """Everything."""
    results: dict[str, Any] = {}
    with served() as server:
        for name, make in (("pictures", sent_picture), ("requests", sent_request)):
            send_all(server, make, range(number, number + WARM_UP))
            before, start = memory_megabytes(server.process_id), time.perf_counter()
            with Meter(server) as meter:
                outcomes = send_all(server, make, range(number))
            megabytes = {"before": before, "largest": meter.largest, "after": memory_megabytes(server.process_id)}
            results[name] = summary(outcomes) | {"megabytes": megabytes, "seconds": time.perf_counter() - start}
            kinds = sorted({outcome.kind for outcome in outcomes})
            results[name]["kinds"] = {kind: sum(outcome.kind == kind for outcome in outcomes) for kind in kinds}
            print(name, json.dumps(results[name]), flush=True)
    return results | {"environment": describe_environment() | {"precision": "float32"}}


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        "| sent | number | answered | refused with a sentence | busy (503) | closed | other 5xx | slowest | "
        "memory before, largest, after |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in ("pictures", "requests"):
        row = results[name]
        memory = ", ".join(f"{row['megabytes'][when]:.0f}" for when in ("before", "largest", "after"))
        lines.append(
            f"| broken {name} | {row['num_sent']:,} | {row['answered']:,} | {row['refused']:,} | {row['busy']:,} | "
            f"{row['closed']:,} | {row['server_errors']:,} | {row['slowest_seconds']:.2f} s | {memory} MB |"
        )
    environment = results["environment"]
    lines += ["", f"{NUM_CLIENTS} clients at a time; {environment['num_cpus']} cores of an {environment['cpu']}."]
    return "\n".join(lines)


def main() -> None:
    """Measures and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--number", type=int, default=10_000, help="of pictures, and of requests")
    arguments = parser.parse_args()
    if not arguments.table_only:
        write_json(RESULTS, measure(arguments.number))
    readme.put("fuzzing.py", table(json.loads(RESULTS.read_text(encoding="utf-8"))), DOCUMENT)


if __name__ == "__main__":
    main()
