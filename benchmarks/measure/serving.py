"""How soon the page's server answers: under load, beside slow clients, and to an upload that never ends.

    python benchmarks/measure/serving.py [--quick] [--table-only]

Starts `mnistlab serve` and asks it over HTTP. Measured are the time from the command to the first answer; requests one
after the other; 50 requests per second at fixed times, whether or not earlier ones have been answered; a good client
while a hundred others send slowly, never read or say nothing (benchmarks/material/slow_clients.py); and uploads far
beyond the limit.
"""

import asyncio
import base64
import contextlib
import dataclasses
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.material import slow_clients
from benchmarks.measure.benchmark import Benchmark, Results, cores, markdown_table
from mnistlab.datasets import load_mnist

RATE = 50  # requests per second
ANNOUNCED_BYTES = 4 * 2**30
PIECE = bytes(65_536)


@dataclasses.dataclass(frozen=True)
class Server:
    """A running server: its address, the port in it, and its process."""

    address: str
    port: int
    process: "subprocess.Popen[str]"


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Starts a server on a free port, with an empty folder of runs, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mnistlab", "serve", "--port", "0", "--runs", f"{folder}/runs"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            found = re.search(r"http://[\w.]+:(\d+)", process.stdout.readline())
            assert found, "mnistlab serve printed no address"
            yield Server(found[0], int(found[1]), process)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def start_seconds(image: str) -> dict[str, float]:
    """The times from the command to the first answers, and from Ctrl-C to the end."""
    begin = time.perf_counter()
    with running_server() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/api/health")
        connection.getresponse().read()
        answered = time.perf_counter() - begin
        body = json.dumps({"image": image, "networks": ["shipped"]})
        connection.request("POST", "/api/classify", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        read = time.perf_counter() - begin
        begin = time.perf_counter()
        server.process.send_signal(signal.SIGINT)
        server.process.wait()
        connection.close()
        return {"first_answer": answered, "first_digit": read, "end": time.perf_counter() - begin}


class Asker:
    """Sends requests over connections that it keeps open and uses again as soon as they are free."""

    def __init__(self, port: int, networks: list[str], images: list[str]) -> None:
        bodies = [{"image": image, "networks": networks} for image in images]
        self._requests = [slow_clients.request(port, "/api/classify", body) for body in bodies]
        self._port, self._free = port, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()

    async def ask(self, number: int) -> int:
        """Asks about an image and returns the status of the answer."""
        reader, writer = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(self._requests[number % len(self._requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        self._free.append((reader, writer))
        return int(head.split()[1])

    def close(self) -> None:
        """Closes the connections."""
        for _, writer in self._free:
            writer.close()


def summary(seconds: list[float]) -> dict[str, float]:
    """Percentiles of durations, in milliseconds."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    return {"num_requests": len(seconds), "p50_ms": float(p50), "p99_ms": float(p99), "max_ms": max(seconds) * 1e3}


async def one_after_the_other(asker: Asker, num_requests: int) -> dict[str, float]:
    """Durations of requests that each wait for the one before; the first twenty warm up and do not count."""
    seconds = []
    for number in range(num_requests + 20):
        begin = time.perf_counter()
        assert await asker.ask(number) == 200
        seconds.append(time.perf_counter() - begin)
    return summary(seconds[20:])


async def at_fixed_times(asker: Asker, duration: float) -> dict[str, float]:
    """Durations counted from the moment at which each request was due, so that one that is held up counts in full."""
    begin, seconds, num_errors = time.perf_counter() + 0.1, list[float](), 0

    async def ask(number: int) -> None:
        nonlocal num_errors
        due = begin + number / RATE
        await asyncio.sleep(due - time.perf_counter())
        try:
            num_errors += await asker.ask(number) != 200
        except (OSError, asyncio.IncompleteReadError):
            num_errors += 1
        seconds.append(time.perf_counter() - due)

    await asyncio.gather(*(ask(number) for number in range(round(duration * RATE))))
    return summary(seconds) | {"num_errors": num_errors, "seconds": duration}


async def beside_slow_clients(port: int, asker: Asker, num_each: int) -> dict[str, Any]:
    """Runs slow clients of every kind, and a good one that asks ten times a second until the last of them is gone."""
    slow = {
        kind: asyncio.gather(*(client(port) for _ in range(num_each))) for kind, client in slow_clients.KINDS.items()
    }
    seconds, new = [], []
    while not all(clients.done() for clients in slow.values()):
        begin = time.perf_counter()
        assert await asker.ask(0) == 200
        seconds.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        fresh = Asker(port, ["shipped"], [base64.b64encode(bytes(784)).decode()])
        assert await fresh.ask(0) == 200
        fresh.close()
        new.append(time.perf_counter() - begin)
        await asyncio.sleep(0.1)
    return {
        "num_clients": num_each * len(slow),
        "ended_after_seconds": {kind: max(await clients) for kind, clients in slow.items()},
        "kept_connection": summary(seconds),
        "new_connections": summary(new),
    }


def upload(port: int, head: str, piece: bytes) -> dict[str, float]:
    """Uploads without end until the server answers; returns the bytes sent until then, the time and the status."""
    sent, begin, rest = 0, time.perf_counter(), piece
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(f"POST /api/read HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n\r\n".encode())
        client.setblocking(False)
        while sent < ANNOUNCED_BYTES:
            with contextlib.suppress(BlockingIOError):
                content = client.recv(65_536)
                break
            try:
                num_bytes = client.send(rest)
                sent, rest = sent + num_bytes, rest[num_bytes:] or piece
            except BlockingIOError:
                time.sleep(0.001)
    return {"bytes": sent, "seconds": time.perf_counter() - begin, "status": int(content.split()[1])}


def measure(quick: bool) -> Results:
    """Measures everything, or with `quick` a part of it."""
    images = [base64.b64encode(image.tobytes()).decode() for image in load_mnist().test.images[:200]]
    results: Results = {"quick": quick, "start": [start_seconds(images[0]) for _ in range(3 if quick else 10)]}
    with running_server() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/api/networks")
        networks = [one["id"] for one in json.loads(connection.getresponse().read())["networks"]]
        connection.close()
        results["networks"] = networks
        asker = Asker(server.port, networks, images)

        async def ask() -> None:
            results["one_after_the_other"] = await one_after_the_other(asker, 200 if quick else 2000)
            results["at_fixed_times"] = await at_fixed_times(asker, 5 if quick else 60)
            results["slow_clients"] = await beside_slow_clients(server.port, asker, 2 if quick else 20)
            asker.close()

        asyncio.run(ask())
        typed = "Content-Type: image/png\r\n"
        results["upload"] = {
            "announced": upload(server.port, f"{typed}Content-Length: {ANNOUNCED_BYTES}", PIECE),
            "chunked": upload(server.port, f"{typed}Transfer-Encoding: chunked", b"10000\r\n" + PIECE + b"\r\n"),
        }
    from mnistlab.models.backend import describe_environment  # imports Keras, whose threads would be in the way above

    return results | {"environment": describe_environment() | {"precision": "float32"}}


def table(results: Results) -> str:
    """Every duration beside its limit."""
    starts = {name: [one[name] for one in results["start"]] for name in results["start"][0]}
    single, load, slow = (results[name] for name in ("one_after_the_other", "at_fixed_times", "slow_clients"))
    announced, chunked = results["upload"]["announced"], results["upload"]["chunked"]
    environment, num_networks = results["environment"], len(results["networks"])
    good = max(slow[name]["max_ms"] for name in ("kept_connection", "new_connections"))
    rows = [
        ("from the command to the first answer", f"{np.median(starts['first_answer']):.2f} s", "1.5 s"),
        ("from the command to the first digit", f"{np.median(starts['first_digit']):.2f} s", ""),
        ("from Ctrl-C to the end", f"{np.median(starts['end']):.2f} s", "2 s"),
        ("a drawing, one after the other, median", f"{single['p50_ms']:.1f} ms", ""),
        ("the same, 99 of 100", f"{single['p99_ms']:.1f} ms", "50 ms"),
        (f"{RATE} drawings a second for {load['seconds']:.0f} s, median", f"{load['p50_ms']:.1f} ms", ""),
        ("the same, 99 of 100", f"{load['p99_ms']:.1f} ms", "100 ms"),
        ("the same, the slowest", f"{load['max_ms']:.0f} ms", ""),
        ("the same, errors", f"{load['num_errors']:,} of {load['num_requests']:,}", "0"),
        (f"a drawing beside {slow['num_clients']} slow clients, the slowest", f"{good:.0f} ms", "250 ms"),
    ]
    body = ("sends a body byte by byte", "never reads")
    for kind, seconds in slow["ended_after_seconds"].items():
        rows.append((f"a client that {kind}, shown out after", f"{seconds:.1f} s", "30 s" if kind in body else "10 s"))
    rows += [
        ("an upload that announces 4 GB, refused after", _amount(announced), ""),
        ("an upload without end, refused after", _amount(chunked), "5 MB read"),
    ]
    return (
        f"{cores(environment)}, which the client used too; Python {environment['python']}. Each drawing was read by "
        f"{num_networks} network{'s' if num_networks > 1 else ''} and judged; {len(results['start'])} starts, "
        f"median.\n\n{markdown_table('what | measured | limit', rows)}"
    )


def _amount(upload: dict[str, float]) -> str:
    return f"{upload['bytes'] / 1e6:.1f} MB, {upload['seconds']:.2f} s, status {upload['status']}"


OPTIONS = {"--quick": {"action": "store_true", "help": "measure less: one minute instead of three"}}
BENCHMARK = Benchmark(__file__, __doc__, measure, table, options=OPTIONS)

if __name__ == "__main__":
    BENCHMARK.run()
