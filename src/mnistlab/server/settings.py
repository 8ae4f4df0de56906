"""What a server is told before it starts: where it listens, what it shows, and how much it puts up with."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Settings:
    """One server.

    Args:
        runs: folder with runs; it need not exist.
        host: the address to listen on, as the user gave it.
        port: as it is after binding; 0 asks for any free one.
        data: folder with four IDX files for trainings to use; MNIST by default.
        token: what every request to the interface must bring along; `None` where only this machine can ask.
        max_photo_bytes: of a photo to read.
        max_json_bytes: of any other request.
        header_seconds: from the connection, or the first byte of a later request, to the end of its headers.
        body_seconds: from there to the end of the request.
        send_seconds: that a client may leave an answer lying unread.
        idle_seconds: between two requests on one connection.
        max_connections: that are open at a time; the next is answered 503.
        num_workers: threads that compute; a network takes one of them.
        max_waiting: requests that wait for them; the next is answered 503.
        max_waiting_photos: photos that wait while one is read; the next is answered 503.
        max_held_bytes: of photos that are still coming, all together.
    """

    runs: Path = Path("runs")
    host: str = "127.0.0.1"
    port: int = 8028
    data: Path | None = None
    token: str | None = None
    max_photo_bytes: int = 5_000_000
    max_json_bytes: int = 64 * 1024
    # Half a second or more below what is promised, 10 and 30: deadlines are looked at every now and then.
    header_seconds: float = 9.0
    body_seconds: float = 29.0
    send_seconds: float = 25.0
    idle_seconds: float = 9.0
    max_connections: int = 128
    num_workers: int = 2
    max_waiting: int = 32
    max_waiting_photos: int = 1
    max_held_bytes: int = 40_000_000
