"""A Kubernetes API server's nodes, over TLS on loopback, and a pod's service account for it."""

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

TOKEN = "the-pods-own-token"
NODES = "/api/v1/nodes/"


@dataclass
class KubeApi:
    """The nodes with their labels, and each request as it came: method, content type, body."""

    account: Path
    nodes: dict[str, dict[str, str]]
    requests: list[tuple[str, str | None, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)  # answered first, one by one, in place of 200
    port: int = 0

    @property
    def patches(self) -> list[Any]:
        return [body for method, _, body in self.requests if method == "PATCH"]

    @property
    def environ(self) -> dict[str, str]:
        """What the kubelet sets in every container."""
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.port),
        }


@contextmanager
def kube_api(folder: Path, nodes: dict[str, dict[str, str]]) -> Iterator[KubeApi]:
    """The server with these nodes, until the end of the block."""
    account = folder / "serviceaccount"
    account.mkdir()
    (account / "token").write_text(f"{TOKEN}\n")
    key = folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=kubernetes", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(account / "ca.crt")),
        ],
        check=True,
        capture_output=True,
    )
    api = KubeApi(account=account, nodes=nodes)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(account / "ca.crt", key)
    server = Server(("127.0.0.1", 0), _handler(api))
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    api.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Server(ThreadingHTTPServer):
    """Says nothing of a client that does not like the certificate."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A handshake that the client ended."""


def _handler(api: KubeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve(None)

        def do_PATCH(self) -> None:
            length = int(self.headers["Content-Length"])
            self._serve(json.loads(self.rfile.read(length)))

        def _serve(self, body: Any) -> None:
            api.requests.append((self.command, self.headers["Content-Type"], body))
            name = unquote(self.path.removeprefix(NODES))
            if api.statuses and (status := api.statuses.pop(0)) != 200:
                self._answer(status, {"kind": "Status"})
            elif self.headers["Authorization"] != f"Bearer {TOKEN}":
                self._answer(401, {"kind": "Status"})
            elif name not in api.nodes:
                self._answer(404, {"kind": "Status"})
            else:
                for label, value in (body or {"metadata": {"labels": {}}})["metadata"][
                    "labels"
                ].items():
                    if value is None:
                        api.nodes[name].pop(label, None)
                    else:
                        api.nodes[name][label] = value
                self._answer(200, {"kind": "Node", "metadata": {"labels": api.nodes[name]}})

        def _answer(self, status: int, answer: object) -> None:
            text = json.dumps(answer).encode()
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"https://127.0.0.1:{api.port}{NODES}elsewhere")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
