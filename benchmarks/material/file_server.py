"""A plain file server, the standard library's own, that counts the bytes which it gives away."""

import functools
import http.server
import threading
from pathlib import Path
from typing import Any


class FileServer:
    """Gives away the files of a folder until it is closed.

    Args:
        folder: The folder.

    Attributes:
        address: Address of the folder, without a slash at its end.
        sent: Number of bytes of all files given away so far, without headers.
    """

    def __init__(self, folder: Path) -> None:
        self.sent = 0
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def copyfile(self, source: Any, outputfile: Any) -> None:
                content = source.read()
                outer.sent += len(content)
                outputfile.write(content)

            def log_message(self, *_arguments: Any) -> None:
                pass

        handler = functools.partial(Handler, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Ends it; what is asked from then on gets no answer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
