"""A registry on loopback: blobs, manifests, tokens, and referrers if it is to know of them.

Of https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md as much as a push asks.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD, TOKEN = "someone", "secret", "the-token"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class OciRegistry:
    """What it holds, of all repositories; ``asked`` are the requests as methods and paths."""

    address: str = ""
    referrers: bool = True
    guarded: bool = False  # wants a token, which it gives to USER
    uploads_at: str = ""  # host:port of who takes its blobs, if that is another
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)  # of each request

    def put(self, content: bytes, kind: str, *names: str) -> str:
        """Put a manifest in, as if it had been pushed; its digest."""
        digest = digest_of(content)
        for name in (digest, *names):
            self.manifests[name] = (content, kind)
        return digest

    def listed(self, digest: str) -> list[dict[str, Any]]:
        """The manifests whose subject is ``digest``."""
        found = {name: json.loads(content) for name, (content, _) in self.manifests.items()}
        return [
            document
            for name, document in found.items()
            if name.startswith("sha256:") and document.get("subject", {}).get("digest") == digest
        ]


class Handler(BaseHTTPRequestHandler):
    """Answers for the server's registry."""

    protocol_version = "HTTP/1.1"

    server: "Server"

    @property
    def registry(self) -> OciRegistry:
        return self.server.registry

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _request(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        path = urlsplit(self.path).path
        self.registry.asked.append(f"{self.command} {path}")
        self.registry.credentials.append(self.headers.get("Authorization"))
        if path == "/token":
            return self._token()
        if self.registry.guarded and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            realm = f'Bearer realm="http://{self.registry.address}/token",service="tests"'
            return self._answer(401, headers={"WWW-Authenticate": realm})
        _, _, rest = path.partition("/v2/")
        for kind in ("/blobs/", "/manifests/"):
            if kind in rest:
                name, _, reference = rest.partition(kind)
                answer = self._blobs if kind == "/blobs/" else self._manifests
                return answer(name, reference, content)
        return self._error(404, "NAME_UNKNOWN", path)

    def do_GET(self) -> None:
        """A request."""
        self._request()

    do_HEAD = do_PUT = do_POST = do_GET  # noqa: N815  # the base class's names

    def _token(self) -> None:
        expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {expected}":
            return self._error(401, "UNAUTHORIZED", "incorrect username or password")
        return self._answer(200, json.dumps({"token": TOKEN}).encode())

    def _blobs(self, name: str, reference: str, content: bytes) -> None:
        if self.command == "POST":
            there = self.registry.uploads_at
            where = f"http://{there}" if there else ""
            headers = {"Location": f"{where}/v2/{name}/blobs/uploads/1?state=x"}
            return self._answer(202, headers=headers)
        if self.command == "PUT":
            wanted = parse_qs(urlsplit(self.path).query).get("digest", [""])[0]
            if digest_of(content) != wanted:
                return self._error(400, "DIGEST_INVALID", wanted)
            self.registry.blobs[wanted] = content
            return self._answer(201)
        found = self.registry.blobs.get(reference)
        return (
            self._error(404, "BLOB_UNKNOWN", reference)
            if found is None
            else self._answer(200, found)
        )

    def _manifests(self, name: str, reference: str, content: bytes) -> None:
        if self.command == "PUT":
            document = json.loads(content)
            needed = [layer["digest"] for layer in document.get("layers", ())]
            needed += [document["config"]["digest"]] if "config" in document else []
            entries = [entry["digest"] for entry in document.get("manifests", ())]
            lost = [blob for blob in needed if blob not in self.registry.blobs]
            lost += [entry for entry in entries if entry not in self.registry.manifests]
            if lost:
                return self._error(400, "MANIFEST_BLOB_UNKNOWN", lost[0])
            self.registry.put(content, self.headers["Content-Type"], reference)
            subject = document.get("subject", {}).get("digest")
            headers = {"OCI-Subject": subject} if subject and self.registry.referrers else {}
            return self._answer(201, headers=headers)
        found = self.registry.manifests.get(reference)
        if found is None:
            return self._error(404, "MANIFEST_UNKNOWN", reference)
        return self._answer(200, found[0], headers={"Content-Type": found[1]})

    def _error(self, status: int, code: str, message: str) -> None:
        document = {"errors": [{"code": code, "message": message}]}
        self._answer(status, json.dumps(document).encode())

    def _answer(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """With the registry that it answers for."""

    registry: OciRegistry


@contextmanager
def serve_registry(**settings: Any) -> Iterator[OciRegistry]:
    """A registry that listens on loopback until the end."""
    server = Server(("127.0.0.1", 0), Handler)
    registry = OciRegistry(address=f"127.0.0.1:{server.server_address[1]}", **settings)
    server.registry = registry
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
