"""A real Chromium without a screen, driven by its DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/. Debian's chromium comes without anything of
Node's, and the protocol is JSON over a WebSocket, for which there is a client here already.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import pytest
from waiting import wait_for
from websockets.sync.client import connect

AXE = files("axe_core_python").joinpath("axe.min.js")
# Rules of WCAG 2.1 up to level AA, and what is good practice:
# https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")


class Browser:
    """One page of a browser that ends with the ``with`` block. ``folder`` keeps its profile.

    What the page complains of (exceptions, errors on its console, requests that its policy
    forbids) stands in ``complaints``.
    """

    def __init__(self, folder: Path) -> None:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            pytest.skip("chromium is not installed: the page can't be looked at")
        self._folder = folder
        self._numbers = itertools.count(1)
        # However these tests end, by a signal that nobody can catch too, it ends with them.
        with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        self._command = [
            *with_us,
            program,
            "--headless=new",
            "--no-sandbox",  # which root can't have, and containers don't give
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-breakpad",  # its reporter leaves the group and outlives what it watches
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "about:blank",
        ]
        self._ending = ExitStack()
        self.complaints: list[str] = []

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self._ending.close()
            raise
        return self

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        self._ending.callback(self._end)
        port_file = self._folder / "DevToolsActivePort"
        port, path = wait_for(lambda: _words(port_file), 120, "chromium")
        self._socket = self._ending.enter_context(
            connect(f"ws://127.0.0.1:{port}{path}", max_size=None)
        )
        self._session: str | None = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        found = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.send(f"{domain}.enable")

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def _end(self) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        with suppress(ProcessLookupError):  # nobody of the group is left
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)

    def send(self, method: str, **params: object) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=120))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: Mapping[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        if event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def run(self, script: str) -> Any:
        """The value of an expression in the page, awaited if it is a promise."""
        found = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, url: str, scheme: str = "light") -> None:
        """Go to a page, in a light or a dark scheme."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", features=[feature])
        self.send("Page.navigate", url=url)
        wait_for(
            lambda: (
                self.run(f"location.href.startsWith({url!r}) && document.readyState") == "complete"
            ),
            what="the page",
        )

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files as a person does in a field."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def drop(self, file: Path, x: float = 200, y: float = 300) -> None:
        """Drop a file on the page, as a person does with a mouse."""
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.send("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def text(self, selector: str) -> str:
        """What an element shows; nothing where it is not there, as between two pages."""
        return str(self.run(f"document.querySelector({selector!r})?.innerText ?? ''"))

    def violations(self) -> list[str]:
        """What axe finds that stands in the way of some people."""
        self.run(AXE.read_text(encoding="utf-8"))
        options = json.dumps({"runOnly": {"type": "tag", "values": TAGS}})
        found = self.run(f"axe.run(document, {options}).then((found) => found.violations)")
        return [
            f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
            for one in found
        ]


def _words(file: Path) -> list[str] | None:
    """Port and path, once both are written."""
    words = file.read_text(encoding="utf-8").split() if file.exists() else []
    return words if len(words) == 2 else None
