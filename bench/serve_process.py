"""``alternator serve`` as a process that is measured from outside."""

import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from bench.whisper.figures import Setup

START_SECONDS = 300.0
BOUNDARY = "bench"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
TAIL = f"\r\n--{BOUNDARY}--\r\n"


class Server:
    """A server that ends with the block; ``ready`` waits until its model is loaded."""

    def __init__(self, setup: Setup, checkpoint: Path, idle_minutes: float = 0.0) -> None:
        self._log = tempfile.NamedTemporaryFile(mode="w+", prefix="serve-")  # noqa: SIM115 - closed below
        command = [sys.executable, "-m", "alternator", "serve", "--port", "0"]
        command += ["--model", str(checkpoint), "--device", setup.device]
        command += ["--threads", str(setup.threads)]
        variables = {"ALTERNATOR_WHISPER_IDLE_UNLOAD_MINUTES": str(idle_minutes)}
        self.url = ""
        self.process = subprocess.Popen(command, stderr=self._log, env={**os.environ, **variables})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)
        self._log.close()

    def ready(self) -> Self:
        """Wait. SystemExit with what it wrote, if it ends instead."""
        until(self._is_ready, "the server to be ready")
        return self

    def _is_ready(self) -> bool:
        text = Path(self._log.name).read_text(encoding="utf-8")
        if self.process.poll() is not None:
            raise SystemExit(f"the server ended: {text}")
        found = re.search(r"listening on (\S+)", text)
        self.url = found[1] if found else ""
        try:
            return bool(found) and bool(self.get("readyz"))
        except urllib.error.HTTPError:
            return False

    def get(self, path: str) -> str:
        """What it answers. HTTPError if that is none of the answers that are well."""
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=60) as answer:
            return str(answer.read().decode())

    def wait_until_unloaded(self) -> None:
        """Until its model is out of memory, and the worker with it."""
        until(lambda: "alternator_models_loaded 0.0" in self.get("metrics"), "the model to go")
        until(lambda: len(processes(self.process.pid)) == 1, "the worker to end")

    def send(self, size: int) -> None:
        """A file of so many bytes, in pieces, that is no sound."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=600)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(HEAD) + size + len(TAIL)),
        }
        connection.request("POST", "/v1/audio/transcriptions", pieces(size), headers)
        status = connection.getresponse().status
        connection.close()
        if status != 400:
            raise SystemExit(f"the server answered {status} to a file that is no sound")


def pieces(size: int) -> Iterator[bytes]:
    """A form with a file of so many bytes."""
    yield HEAD.encode()
    piece = bytes(1 << 20)
    for start in range(0, size, len(piece)):
        yield piece[: min(len(piece), size - start)]
    yield TAIL.encode()


def until(condition: Callable[[], bool], what: str) -> None:
    """Look again and again. SystemExit if it takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {START_SECONDS:g} s for {what}")
        time.sleep(0.02)


def processes(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text(encoding="utf-8").split():
            found += processes(int(child))
    return found


def memory_of(pid: int) -> int:
    """Bytes that a process and all below it have in memory, shared ones in parts (Pss)."""
    return sum(number(one, "smaps_rollup", "Pss") for one in processes(pid))


def grown_by(pid: int, work: Callable[[], object]) -> int:
    """By how many bytes a process's peak is above what it had before the work."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="utf-8")  # the peak is now what it has
    before = number(pid, "status", "VmRSS")
    work()
    return number(pid, "status", "VmHWM") - before


def number(pid: int, file: str, name: str) -> int:
    """Bytes out of a file of /proc that counts in kB."""
    for line in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/{pid}/{file} has no {name}")
