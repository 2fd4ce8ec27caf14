"""``alternator serve`` inside a test: the whole of it, in a thread, on a free port."""

import threading
from pathlib import Path
from typing import Self

import requests
from openai import OpenAI
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.serve import tokens
from alternator.serve.options import ServeOptions, wyoming_host
from alternator.serve.run import listening, prepare


class RunningServe:
    """Serves while the ``with`` block runs; ``url`` is its address, ``folder`` keeps uploads."""

    def __init__(
        self,
        settings: WhisperSettings,
        folder: Path,
        options: ServeOptions = ServeOptions(),  # noqa: B008  # frozen: sharing it is safe
        known: tokens.Tokens = tokens.OPEN,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self._clients: dict[tuple[str, int], OpenAI] = {}
        self._listening = listening("127.0.0.1", 0)
        self._wyoming = listening(wyoming_host(options), options.wyoming_port)
        self.server, self.preload, self.models = prepare(options, settings, known, folder)

    def __enter__(self) -> Self:
        sockets = self._listening.__enter__()
        self.port = sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.server.wyoming_sockets = self._wyoming.__enter__()
        self.wyoming_ports = [one.getsockname()[1] for one in self.server.wyoming_sockets]
        self._thread = threading.Thread(
            target=self.server.run, kwargs={"sockets": sockets}, daemon=True
        )
        self._thread.start()
        wait_for(lambda: self.server.started, what="the server to listen")
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()
        self.server.stop()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server does not end"
        self.preload.stop()
        self.models.close()
        self._wyoming.__exit__(None, None, None)
        self._listening.__exit__(None, None, None)

    def client(self, api_key: str = "nobody asks", retries: int = 0) -> OpenAI:
        """OpenAI's client; its errors are not tried again unless that is asked for."""
        key = (api_key, retries)
        if key not in self._clients:
            self._clients[key] = OpenAI(
                base_url=f"{self.url}/v1", api_key=api_key, max_retries=retries
            )
        return self._clients[key]

    def metric(self, line: str, api_key: str = "") -> float:
        """One number out of ``/metrics``: of the line that begins so, 0 if there is none."""
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        text = requests.get(f"{self.url}/metrics", headers=headers, timeout=10).text
        found = [row.rpartition(" ")[2] for row in text.splitlines() if row.startswith(f"{line} ")]
        return float(found[0]) if found else 0.0

    def wait_until_empty(self) -> None:
        """Nothing is under way any more, and nothing of it is left."""
        wait_for(
            lambda: self.metric("alternator_requests_under_way") == 0,
            what="the requests to end",
        )
        assert list(self.folder.iterdir()) == []
