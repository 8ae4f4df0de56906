"""What the page's server does with 10,000 broken pictures and 10,000 broken requests, and how much memory that takes.

    python benchmarks/measure/fuzzing.py [--number 10000] [--table-only]

Two clients at a time send them over HTTP to a server of their own: pictures (benchmarks/material/odd_pictures.py) to
`/api/read`, JSON (benchmarks/material/odd_requests.py) to every route that takes it. A client must be able to act on
every answer: none has a status 5xx except 503 with Retry-After, which is counted separately, and every refusal says why
in a sentence. If a request happens to start a training run, that is stopped.
"""

import contextlib
import dataclasses
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.material import odd_pictures, odd_requests
from benchmarks.measure.benchmark import Benchmark, Results, cores, markdown_table
from benchmarks.measure.serving import Server, running_server
from mnistlab.models.backend import describe_environment

NUM_CLIENTS = 2
TIMEOUT = 120.0  # seconds after which a request counts as not answered
LOOK_SECONDS = 0.05  # between two looks at the memory
WARM_UP = 40  # pictures and requests that come before the first look at the memory, so that libraries are loaded


@dataclasses.dataclass(frozen=True)
class Sent:
    """A broken picture or request: what was done to it, the route it is sent to, its bytes and headers."""

    kind: str
    path: str
    content: bytes
    headers: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What the server did: a status, or 0 if the connection ended without one."""

    number: int
    kind: str
    path: str
    status: int
    seconds: float
    is_proper: bool


def sent_picture(number: int) -> Sent:
    """Makes the broken picture with this number."""
    kind, content, media_type = odd_pictures.picture(number)
    return Sent(kind, "/api/read", content, {"Content-Type": media_type})


def sent_request(number: int) -> Sent:
    """Makes the broken request with this number."""
    return Sent(*odd_requests.body(number))


def memory_megabytes(process_id: int) -> float:
    """The resident memory of a process and all its descendants."""
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
    """Looks at a server's memory again and again and keeps the largest amount."""

    def __init__(self, server: Server) -> None:
        self.largest, self._server, self._ended = 0.0, server, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.largest = max(self.largest, memory_megabytes(self._server.process.pid))

    def __enter__(self) -> "Meter":
        """Starts looking."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops looking."""
        self._ended.set()
        self._thread.join()


def is_proper(response: httpx.Response) -> bool:
    """Whether a client can act on this answer."""
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
    """Sends one picture or request and waits for the answer."""
    start, status, proper = time.perf_counter(), 0, True
    try:
        response = client.post(sent.path, content=sent.content, headers=sent.headers)
        status, proper = response.status_code, is_proper(response)
        if sent.path == "/api/runs" and status == 201:
            client.post(f"/api/runs/{response.json()['id']}/stop", json={})
    except httpx.TransportError:  # a client that still sends when it is refused may find the connection closed
        client.get("/api/health").raise_for_status()
    return Outcome(number, sent.kind.split()[0], sent.path, status, time.perf_counter() - start, proper)


def send_all(server: Server, make: Callable[[int], Sent], numbers: range) -> list[Outcome]:
    """Sends many from several clients at a time, and makes sure that the server still answers afterwards."""
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


def summary(outcomes: list[Outcome]) -> Results:
    """Counts the outcomes and lists those that must not happen."""
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


def measure(number: int) -> Results:
    """Sends broken pictures, then broken requests."""
    results: Results = {}
    with running_server() as server:
        for name, make in (("pictures", sent_picture), ("requests", sent_request)):
            send_all(server, make, range(number, number + WARM_UP))
            before, start = memory_megabytes(server.process.pid), time.perf_counter()
            with Meter(server) as meter:
                outcomes = send_all(server, make, range(number))
            megabytes = {"before": before, "largest": meter.largest, "after": memory_megabytes(server.process.pid)}
            results[name] = summary(outcomes) | {"megabytes": megabytes, "seconds": time.perf_counter() - start}
            results[name]["kinds"] = dict(sorted(Counter(outcome.kind for outcome in outcomes).items()))
            print(name, json.dumps(results[name]), flush=True)
    return results | {"environment": describe_environment() | {"precision": "float32"}}


def table(results: Results) -> str:
    """What the server did with each, and its memory."""
    rows = []
    for name in ("pictures", "requests"):
        row = results[name]
        counts = (row[key] for key in ("num_sent", "answered", "refused", "busy", "closed", "server_errors"))
        memory = ", ".join(f"{row['megabytes'][when]:.0f}" for when in ("before", "largest", "after"))
        numbers = (f"{count:,}" for count in counts)
        rows.append((f"broken {name}", *numbers, f"{row['slowest_seconds']:.2f} s", f"{memory} MB"))
    titles = (
        "sent | number | answered | refused with a sentence | busy (503) | closed | other 5xx | slowest | "
        "memory before, largest, after"
    )
    return f"{markdown_table(titles, rows)}\n\n{NUM_CLIENTS} clients at a time; {cores(results['environment'])}."


OPTIONS = {"--number": {"type": int, "default": 10_000, "help": "number of pictures, and of requests"}}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
