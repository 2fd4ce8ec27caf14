"""A server on loopback that gives parts of files, as the bucket behind a package index does."""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO


class _Server(ThreadingHTTPServer):
    def handle_error(self, *arguments: object) -> None:
        """Nothing: who sees that the answer is the whole file goes away."""


class Parts(SimpleHTTPRequestHandler):
    """Files of a directory, whole or in part; ``sent`` counts the bytes of files."""

    sent = 0
    whole_only = False

    def log_message(self, *arguments: object) -> None:
        """Nothing."""

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """The whole file, or the part that was asked for."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if asked is None or self.whole_only or not path.is_file():
            return super().send_head()
        content = path.read_bytes()
        part = content[int(asked[1]) : int(asked[2]) + 1]
        type(self).sent += len(part)
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {asked[1]}-{asked[2]}/{len(content)}")
        self.end_headers()
        return io.BytesIO(part)


@contextmanager
def serving(directory: Path, *, whole_only: bool = False) -> Iterator[tuple[str, type[Parts]]]:
    """The address of the directory, and the class that counts."""
    kind = type("Serving", (Parts,), {"sent": 0, "whole_only": whole_only})
    server = _Server(("127.0.0.1", 0), partial(kind, directory=str(directory)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kind
    finally:
        server.shutdown()
        server.server_close()
