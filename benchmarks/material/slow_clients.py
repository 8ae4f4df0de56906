"""Clients that keep a server waiting in five different ways.

Each of the five functions opens one connection and returns the seconds until the server ended it.
"""

import asyncio
import base64
import json
import select
import socket
import time
from collections.abc import Awaitable, Callable

BYTE_SECONDS = 0.2  # between two bytes of a client that sends byte by byte
LOOK_SECONDS = 0.1  # between two looks at a connection that is not read

_IMAGE = base64.b64encode(bytes(784)).decode()


def request(port: int, path: str, body: object = None, *, length: int | None = None) -> bytes:
    """A request as bytes; `length` announces a length that differs from that of the body."""
    host = f"Host: 127.0.0.1:{port}\r\n"
    if body is None and length is None:
        return f"GET {path} HTTP/1.1\r\n{host}\r\n".encode()
    content = b"" if body is None else json.dumps(body).encode()
    size = len(content) if length is None else length
    head = f"POST {path} HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + content


async def says_nothing(port: int) -> float:
    """Connects and sends nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    return await _until_end(reader, writer, time.perf_counter())


async def sends_headers_slowly(port: int) -> float:
    """Sends headers byte by byte, without end."""
    start = request(port, "/api/health").removesuffix(b"\r\n") + b"X-Slow: "
    return await _drip(port, b"", start + b"a" * 10_000)


async def sends_body_slowly(port: int) -> float:
    """Sends a body byte by byte, after it announced more than it will ever send."""
    return await _drip(port, request(port, "/api/classify", length=10_000), b"{" + b" " * 9_000)


async def never_reads(port: int) -> float:
    """Asks for large answers again and again and reads none of them."""
    asked = request(port, "/api/activations", {"image": _IMAGE, "network": "shipped"})
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", port))
        begin = time.perf_counter()
        await loop.sock_sendall(client, asked * 40)
        poll = select.poll()
        poll.register(client, select.POLLRDHUP)
        while not poll.poll(0):
            await asyncio.sleep(LOOK_SECONDS)
        return time.perf_counter() - begin


async def stays_idle(port: int) -> float:
    """Asks once, reads the answer and keeps the connection open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(port, "/api/health"))
    await reader.readuntil(b'{"status":"ok"}')
    return await _until_end(reader, writer, time.perf_counter())


KINDS: dict[str, Callable[[int], Awaitable[float]]] = {
    "says nothing": says_nothing,
    "sends headers byte by byte": sends_headers_slowly,
    "sends a body byte by byte": sends_body_slowly,
    "never reads": never_reads,
    "stays idle": stays_idle,
}


async def _drip(port: int, at_once: bytes, slowly: bytes) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begin = time.perf_counter()
    writer.write(at_once)
    end = asyncio.ensure_future(_until_end(reader, writer, begin))
    for byte in slowly:
        if end.done():
            break
        writer.write(bytes([byte]))
        await asyncio.sleep(BYTE_SECONDS)
    return await end


async def _until_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begin: float) -> float:
    """Waits until the server ends the connection; returns the seconds since the beginning."""
    try:
        await reader.read(-1)
    except ConnectionError:
        pass
    finally:
        writer.close()
    return time.perf_counter() - begin
