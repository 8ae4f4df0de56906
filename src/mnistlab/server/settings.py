"""The settings of a server: where it listens, what it shows, and its limits and deadlines."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of one server.

    Args:
        runs: Folder with runs; it need not exist.
        host: Address to listen on, as the user gave it.
        port: Port to listen on; 0 for any free one. Once the server listens, the real port.
        data: Folder with four IDX files to train on; MNIST by default.
        token: Token that every request to the interface must carry; `None` if only this machine can reach the server.
        max_photo_bytes: Largest size of a photo to read.
        max_json_bytes: Largest size of any other request's body.
        header_seconds: Longest time from the start of a connection, or from the first byte of a later request, to the
            end of the headers.
        body_seconds: Longest time from the end of the headers to the end of the request.
        send_seconds: Longest time for which a client may leave an answer unread.
        idle_seconds: Longest pause between two requests on one connection.
        max_connections: Number of connections that may be open at the same time; the next is answered with 503.
        num_workers: Number of threads that compute; each asks one network at a time.
        max_waiting: Number of requests that may wait for a thread; the next is answered with 503.
        max_waiting_photos: Number of photos that may wait while one is read; the next is answered with 503.
        max_held_bytes: Largest total size of photos of which only a part has arrived.
    """

    runs: Path = Path("runs")
    host: str = "127.0.0.1"
    port: int = 8028
    data: Path | None = None
    token: str | None = None
    max_photo_bytes: int = 5_000_000
    max_json_bytes: int = 64 * 1024
    # The promise is 10 and 30 seconds. These are a little shorter, because deadlines are only checked now and then.
    header_seconds: float = 9.0
    body_seconds: float = 29.0
    send_seconds: float = 25.0
    idle_seconds: float = 9.0
    max_connections: int = 128
    num_workers: int = 2
    max_waiting: int = 32
    max_waiting_photos: int = 1
    max_held_bytes: int = 40_000_000
