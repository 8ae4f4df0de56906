"""Real connections: slow clients are shown out while a good one is answered, large uploads end at the cap."""

import asyncio
import contextlib
import http.client
import io
import itertools
import json
import os
import signal
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.material import slow_clients
from live_server import live_server

SHORT = {"header_seconds": 1.0, "body_seconds": 2.0, "send_seconds": 1.5, "idle_seconds": 1.0}
LIMITS = dict(zip(slow_clients.KINDS, (1.0, 1.0, 2.0, 1.5, 1.0), strict=True))
CAP = 5_000_000
KERNEL_BYTES = 12_000_000  # that two kernels may hold between a sender and a reader that stopped
PAUSE_SECONDS = 0.05
PATIENCE = 300  # seconds; a busy machine may take long, and what never comes is still found


@pytest.fixture(scope="module")
def server():
    with live_server(**SHORT) as made:
        yield made


async def ask_now_and_then(port, stop):
    """A good client: one connection that it keeps, and a new one each time; how many answers it gets."""
    kept, num_answers = await asyncio.open_connection("127.0.0.1", port), 0
    while not stop.is_set():
        for reader, writer in (kept, await asyncio.open_connection("127.0.0.1", port)):
            writer.write(slow_clients.request(port, "/api/health"))
            await reader.readuntil(b'{"status":"ok"}')
            num_answers += 1
            if writer is not kept[1]:
                writer.close()
        await asyncio.sleep(PAUSE_SECONDS)
    kept[1].close()
    return num_answers


def answers_within(seconds):
    """How many answers the good client can have had in this time at the most; on a busy machine it has fewer."""
    return 2 * seconds / PAUSE_SECONDS


def annoy(port, num_each):
    """Slow clients beside a good one: how long each was waited for, and how many answers the good one got meanwhile."""

    async def run():
        stop = asyncio.Event()
        asking = asyncio.ensure_future(ask_now_and_then(port, stop))
        slow = {
            kind: [asyncio.ensure_future(client(port)) for _ in range(num_each)]
            for kind, client in slow_clients.KINDS.items()
        }
        ended = {kind: await asyncio.gather(*clients) for kind, clients in slow.items()}
        stop.set()
        return ended, await asking

    return asyncio.run(asyncio.wait_for(run(), PATIENCE))


def test_slow_clients_are_shown_out_while_a_good_one_is_answered(server):
    """None long before its time; how long after it, benchmarks/measure/serving.py measures."""
    ended, num_answers = annoy(server.port, 2)
    for kind, seconds in ended.items():
        assert all(one > LIMITS[kind] / 2 for one in seconds), (kind, seconds)
    assert 5 < num_answers < answers_within(7)


@pytest.mark.slow
def test_a_hundred_slow_clients_within_the_usual_limits():
    with live_server() as server:
        ended, num_answers = annoy(server.port, 20)
    assert {kind: len(clients) for kind, clients in ended.items()} == dict.fromkeys(slow_clients.KINDS, 20)
    assert 20 < num_answers < answers_within(45)


def test_who_is_too_slow_is_told_so(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHo")
        content = b"".join(iter(lambda: client.recv(4096), b""))
    assert content.startswith(b"HTTP/1.1 408 ") and b"nosniff" in content
    assert "too long" in json.loads(content.partition(b"\r\n\r\n")[2])["error"]


def test_what_is_no_http_is_answered_in_a_sentence(server):
    for garbage in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"A" * 100_000):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client.sendall(garbage + b"\r\n\r\n")
            content = b"".join(iter(lambda: client.recv(4096), b""))
        assert content.startswith(b"HTTP/1.1 400 ") and set(json.loads(content.partition(b"\r\n\r\n")[2])) == {"error"}


def upload(port, path, head, pieces):
    """Sends until the server answers; how many bytes went out, and the answer."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n\r\n".encode())
        client.settimeout(0.5)
        try:
            for piece in pieces:
                client.sendall(piece)
                sent += len(piece)
        except OSError:
            pass  # nobody takes more
        client.settimeout(10)
        return sent, rest_from(client)


def rest_from(client):
    """All that still comes, until the server ends the connection."""
    content = b""
    with contextlib.suppress(ConnectionError):
        while part := client.recv(65_536):
            content += part
    return content


@pytest.mark.parametrize("path", ["/api/read", "/api/classify", "/api/health", "/nothing"])
def test_an_announced_upload_of_4_gb_is_refused_at_once(server, path):
    head = "Content-Type: image/png\r\nContent-Length: 4294967296"
    sent, content = upload(server.port, path, head, (bytes(65_536) for _ in range(65_536)))
    assert content.startswith(b"HTTP/1.1 413 "), content[:200]
    assert sent <= KERNEL_BYTES
    assert b"connection: close" in content.lower()


def test_an_endless_chunked_upload_ends_at_the_cap(server):
    head = "Content-Type: image/png\r\nTransfer-Encoding: chunked"
    pieces = (b"10000\r\n" + bytes(65_536) + b"\r\n" for _ in range(65_536))
    sent, content = upload(server.port, "/api/read", head, pieces)
    assert content.startswith(b"HTTP/1.1 413 "), content[:200]
    assert CAP <= sent <= CAP + KERNEL_BYTES
    assert resident_bytes(server.process.pid) < 600_000_000


def test_json_ends_at_its_own_cap(server):
    status, _, content = server.post("/api/classify", {"image": "A" * 70_000})
    assert status == 413 and b"65,536" in content
    head = "Content-Type: application/json\r\nTransfer-Encoding: chunked"
    sent, content = upload(
        server.port, "/api/classify", head, (b"1000\r\n" + b" " * 4096 + b"\r\n" for _ in range(9000))
    )
    assert content.startswith(b"HTTP/1.1 413 ")
    assert sent <= KERNEL_BYTES


def resident_bytes(pid):
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_connections_beyond_the_limit_are_told_to_come_again():
    with live_server(max_connections=5, header_seconds=30) as server:
        held = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(5)]
        status, headers, content = server.get("/api/health")
        assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "close")
        assert set(json.loads(content)) == {"error"} and headers["x-content-type-options"] == "nosniff"
        held.pop().close()
        deadline = time.monotonic() + PATIENCE
        while server.get("/api/health")[0] == 503 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.get("/api/health")[0] == 200
        for client in held:
            client.close()


def test_a_flood_of_connections_leaves_those_that_are_open_alone():
    with live_server(max_connections=10, header_seconds=30) as server, contextlib.ExitStack() as opened:
        kept = opened.enter_context(
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10))
        )
        kept.request("GET", "/api/health")
        assert kept.getresponse().read()
        for _ in range(300):
            opened.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
        kept.request("GET", "/api/health")
        assert kept.getresponse().read() == b'{"status":"ok"}'
        end = time.monotonic() + PATIENCE
        while (num_open := len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))) > 60 and time.monotonic() < end:
            time.sleep(0.05)  # many are taken at a time, then looked at
        assert num_open <= 60


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(server):
    body = json.dumps({"image": "A", "networks": ["shipped"]}).encode()
    head = f"POST /api/classify HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        client.sendall(body)
        assert client.recv(65_536).startswith(b"HTTP/1.1 422 ")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n".encode())
        assert client.recv(65_536).startswith(b"HTTP/1.1 413 ")  # before a byte of it is sent


def test_answers_come_in_the_order_of_the_requests(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(
            slow_clients.request(server.port, "/api/health") * 2 + slow_clients.request(server.port, "/api/version")
        )
        content = b""
        while b'"onnxruntime"' not in content:
            content += client.recv(65_536)
    assert content.count(b"HTTP/1.1 200 ") == 3 and content.count(b'{"status":"ok"}') == 2


def test_a_connection_may_be_kept_for_many_requests(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for _ in range(30):
        connection.request("GET", "/api/health")
        assert connection.getresponse().read() == b'{"status":"ok"}'
    sock = connection.sock
    connection.request("POST", "/api/classify", b"{", {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 422 and answer.read()
    assert connection.sock is sock  # an error of the client's does not end it
    connection.close()


ENDLESS = """
from fastapi.responses import StreamingResponse
import asyncio

def with_a_stream(settings, create_app=serving.create_app):
    app = create_app(settings)

    @app.get("/api/forever")
    async def forever():
        async def events():
            while True:
                yield b"event: step\\ndata: {}\\n\\n"
                await asyncio.sleep(0.1)

        return StreamingResponse(events(), media_type="text/event-stream")

    return app

serving.create_app = with_a_stream
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_at_once_whoever_is_connected(ending):
    with live_server(prelude=ENDLESS, send_seconds=0.5, idle_seconds=0.5, header_seconds=0.5) as server:
        clients = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(3)]
        clients[0].sendall(slow_clients.request(server.port, "/api/forever"))
        clients[1].sendall(slow_clients.request(server.port, "/api/classify", length=1000))
        clients[2].sendall(slow_clients.request(server.port, "/api/health"))
        received = b""
        end = time.monotonic() + 2  # several times the deadlines, which a stream that is read does not meet
        while time.monotonic() < end or received.count(b"event: step") <= 5:
            received += clients[0].recv(4096)
        server.process.send_signal(ending)
        _, errors = server.process.communicate(timeout=PATIENCE)
        assert errors == ""
        assert rest_from(clients[0]).count(b"event: step") < 50  # ten a second
        for client in clients:
            client.close()


UNHURRIED = """
import threading
from mnistlab.server.recognition import photos

ended, read_photo, close = threading.Event(), photos.read_photo, photos.PhotoReader.close
photos.read_photo = lambda content: ended.wait() and read_photo(content)  # on every machine still under way at the end
photos.PhotoReader.close = lambda reader: (ended.set(), close(reader))
"""


def test_while_a_photo_is_read_others_are_told_to_come_again_and_the_server_can_end():
    page = np.full((2400, 2400), 255, np.uint8)
    for row, column in itertools.product(range(0, 2400, 48), repeat=2):
        page[row + 6 : row + 36, column + 14 : column + 22] = 20  # 2,500 strokes, some seconds of work
    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG")
    photo, headers = file.getvalue(), {"Content-Type": "image/png"}
    with live_server(prelude=UNHURRIED, max_waiting_photos=0) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        connection.request("POST", "/api/read", photo, headers)
        deadline, status = time.monotonic() + PATIENCE, 0
        while status != 503 and time.monotonic() < deadline:
            status, told, _ = server.ask("POST", "/api/read", b"no photo", headers)
        assert status == 503 and told["retry-after"] == "1"
        assert server.get("/api/health")[0] == 200
        server.process.send_signal(signal.SIGINT)
        _, errors = server.process.communicate(timeout=PATIENCE)
        assert errors == ""
        status = connection.getresponse().status
        connection.close()
        assert status >= 500  # it was not read to its end
