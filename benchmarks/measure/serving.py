"""How soon the page's server answers, under load, beside slow clients, and to an upload that never ends.

Starts `mnistlab serve` and asks it over HTTP: the time from the command to the first answer; one request after the
other; 50 requests a second at fixed times, whether or not earlier ones have been answered; a good client while a
hundred others send slowly, never read or say nothing (slow_clients.py); uploads far beyond the cap. Writes
benchmarks/results/serving.json and puts the table into docs/results.md.

    python benchmarks/measure/serving.py [--quick] [--table-only]
"""

import asyncio
import base64
import contextlib
import http.client
import json
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
from benchmarks.measure import readme
from mnistlab.datasets import load_mnist
from mnistlab.files import write_json

RESULTS = Path(__file__).parents[1] / "results" / "serving.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "results.md"
RATE = 50  # requests a second
ANNOUNCED_BYTES = 4 * 2**30
PIECE = bytes(65_536)


@contextlib.contextmanager
def server() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A server on a free port, without runs."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mnistlab", "serve", "--port", "0", "--runs", folder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            yield int(process.stdout.readline().partition("/  ")[0].rpartition(":")[2]), process
        finally:
            process.kill()
            process.communicate()


def start_seconds(image: str) -> dict[str, float]:
    """From the command to the first answers, and from Ctrl-C to the end."""
    begin = time.perf_counter()
    with server() as (port, process):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/api/health")
        connection.getresponse().read()
        answered = time.perf_counter() - begin
        body = json.dumps({"image": image, "networks": ["shipped"]})
        connection.request("POST", "/api/classify", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        read = time.perf_counter() - begin
        begin = time.perf_counter()
        process.send_signal(signal.SIGINT)
        process.wait()
        connection.close()
        return {"first_answer": answered, "first_digit": read, "end": time.perf_counter() - begin}


class Asker:
    """Sends requests over connections that it keeps, each free one again and again."""

    def __init__(self, port: int, networks: list[str], images: list[str]) -> None:
        bodies = [{"image": image, "networks": networks} for image in images]
        self._requests = [slow_clients.request(port, "/api/classify", body) for body in bodies]
        self._port, self._free = port, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()

    async def ask(self, number: int) -> int:
        """Asks about an image; the status of the answer."""
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
    """Durations in milliseconds."""
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    return {"num_requests": len(seconds), "p50_ms": float(p50), "p99_ms": float(p99), "max_ms": max(seconds) * 1e3}


async def one_after_the_other(asker: Asker, num_requests: int) -> dict[str, float]:
    """The durations of requests of which each waits for the one before; the first ones warm up."""
    seconds = []
    for number in range(num_requests + 20):
        begin = time.perf_counter()
        assert await asker.ask(number) == 200
        seconds.append(time.perf_counter() - begin)
    return summary(seconds[20:])


async def at_fixed_times(asker: Asker, duration: float) -> dict[str, float]:
    """The durations from the moment at which a request was due, so that one that is held up counts in full."""
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
    """Slow clients of every kind, and a good one that asks ten times a second until the last of them is gone."""
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
    """Sends pieces without end until the server answers: after how many bytes, after what time, with what status."""
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


def measure(*, quick: bool) -> dict[str, Any]:
    """Every figure."""
    images = [base64.b64encode(image.tobytes()).decode() for image in load_mnist().test.images[:200]]
    results: dict[str, Any] = {"quick": quick, "start": [start_seconds(images[0]) for _ in range(3 if quick else 10)]}
    with server() as (port, _):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/api/networks")
        networks = [one["id"] for one in json.loads(connection.getresponse().read())["networks"]]
        connection.close()
        results["networks"] = networks
        asker = Asker(port, networks, images)

        async def ask() -> None:
            results["one_after_the_other"] = await one_after_the_other(asker, 200 if quick else 2000)
            results["at_fixed_times"] = await at_fixed_times(asker, 5 if quick else 60)
            results["slow_clients"] = await beside_slow_clients(port, asker, 2 if quick else 20)
            asker.close()

        asyncio.run(ask())
        typed = "Content-Type: image/png\r\n"
        results["upload"] = {
            "announced": upload(port, f"{typed}Content-Length: {ANNOUNCED_BYTES}", PIECE),
            "chunked": upload(port, f"{typed}Transfer-Encoding: chunked", b"10000\r\n" + PIECE + b"\r\n"),
        }
    from mnistlab.backend import describe_environment  # imports Keras, whose threads would be in the way above

    return results | {"environment": describe_environment() | {"precision": "float32"}}


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    starts = {name: [one[name] for one in results["start"]] for name in results["start"][0]}
    single, load, slow = (results[name] for name in ("one_after_the_other", "at_fixed_times", "slow_clients"))
    announced, chunked = results["upload"]["announced"], results["upload"]["chunked"]
    environment, good = (
        results["environment"],
        max(slow[name]["max_ms"] for name in ("kept_connection", "new_connections")),
    )
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
    lines = [
        f"{environment['num_cpus']} cores of an {environment['cpu']}, which the client used too; Python "
        f"{environment['python']}. Each drawing was read by {len(results['networks'])} "
        f"network{'s' if len(results['networks']) > 1 else ''} and judged; {len(results['start'])} starts, median.",
        "",
        "| what | measured | limit |",
        "| --- | ---: | ---: |",
    ]
    return "\n".join([*lines, *(f"| {what} | {measured} | {limit} |" for what, measured, limit in rows)])


def _amount(upload: dict[str, float]) -> str:
    return f"{upload['bytes'] / 1e6:.1f} MB, {upload['seconds']:.2f} s, status {upload['status']}"


def main() -> None:
    """Measures and writes."""
    parser = readme.parser(__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of three")
    arguments = parser.parse_args()
    if not arguments.table_only:
        write_json(RESULTS, measure(quick=arguments.quick))
    readme.put("serving.py", table(json.loads(RESULTS.read_text(encoding="utf-8"))), DOCUMENT)


if __name__ == "__main__":
    main()
