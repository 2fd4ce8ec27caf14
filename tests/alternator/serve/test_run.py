"""``alternator serve`` as a process: its start, its end, and what it says of both."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
import requests
from openai import OpenAI
from waiting import wait_for

from alternator.errors import AlternatorError
from alternator.serve.options import ServeOptions
from alternator.serve.run import bound, greeting, listening, whisper_settings
from alternator.serve.tokens import OPEN
from probe.exit_codes import ExitCode

pytest.importorskip("whisper")

Speak = Callable[..., Path]

SPOKEN = "Captions help everyone understand."


class Served:
    """A server in a process of its own; ``log`` is what it wrote."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "alternator", "serve", "--port", "0", *arguments],
                stderr=log,
                env={
                    **os.environ,
                    "TMPDIR": str(folder),
                    "ALTERNATOR_WHISPER_MODEL_DIR": str(folder / "models"),
                },
            )
        self.url = ""

    @property
    def log(self) -> str:
        return self._log.read_text()

    def ready(self) -> "Served":
        """Wait until its model is loaded."""

        def is_ready() -> bool:
            found = re.search(r"listening on (\S+)", self.log)
            assert self.process.poll() is None, self.log
            self.url = found[1] if found else ""
            return bool(found) and requests.get(f"{self.url}/readyz", timeout=10).ok

        wait_for(is_ready, 120, "the server to be ready")
        return self

    def client(self) -> OpenAI:
        return OpenAI(base_url=f"{self.url}/v1", api_key="x", max_retries=0)

    def children(self) -> list[int]:
        """Its workers."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for file in tasks for pid in file.read_text().split()]


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Served]:
    served = Served(folder, *arguments)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.wait()


def left(folder: Path) -> list[str]:
    """What a server left of its uploads."""
    return [path.name for path in folder.iterdir() if path.name.startswith("alternator-serve")]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()


def test_a_stop_finishes_what_is_under_way(
    tmp_path: Path, checkpoint: Path, speak: Speak, make_media: Callable[..., Path]
) -> None:
    clip = make_media("clip.wav", "-stream_loop", "19", "-i", str(speak(SPOKEN)))
    with serving(tmp_path, "--model", str(checkpoint)) as served, ThreadPoolExecutor(4) as pool:
        served.ready()
        workers = served.children()
        with served.client() as client:
            create = client.audio.transcriptions.create
            asked = [pool.submit(create, file=clip, model="fixture") for _ in range(3)]
            stream = create(file=clip, model="fixture", stream=True)
            streamed = pool.submit(lambda: [event.type for event in stream])

            def under_way() -> bool:
                text = requests.get(f"{served.url}/metrics", timeout=10).text
                return "alternator_requests_under_way 4.0" in text

            wait_for(under_way, what="all four")
            served.process.send_signal(signal.SIGTERM)
            wait_for(lambda: not_listening(served.url), what="the door to close")
            assert all("Captions" in found.result().text for found in asked)
            assert streamed.result()[-1] == "transcript.text.done"
        assert served.process.wait(60) == 0
        assert left(tmp_path) == [] and all(gone(pid) for pid in workers)
        assert "Traceback" not in served.log and "error" not in served.log


def not_listening(url: str) -> bool:
    try:
        requests.get(f"{url}/healthz", timeout=10)
    except requests.ConnectionError:
        return True
    return False


def test_what_is_not_finished_in_time_is_given_up(
    tmp_path: Path, checkpoint: Path, speak: Speak, make_media: Callable[..., Path]
) -> None:
    clip = make_media("clip.wav", "-stream_loop", "999", "-i", str(speak(SPOKEN)))
    arguments = ("--model", str(checkpoint), "--grace-seconds", "1")
    with serving(tmp_path, *arguments) as served, served.ready().client() as client:
        workers = served.children()
        failed: list[openai.APIError] = []

        def ask() -> None:
            try:
                client.audio.transcriptions.create(file=clip, model="fixture")
            except openai.APIError as error:
                failed.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: list(tmp_path.glob("alternator-serve*/upload*")), what="the upload")
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(60) == 0
        asking.join(30)
        assert len(failed) == 1
        assert left(tmp_path) == [] and all(gone(pid) for pid in workers)


def test_a_stop_while_the_model_is_loaded(tmp_path: Path, checkpoint: Path) -> None:
    with serving(tmp_path, "--model", str(checkpoint)) as served:
        wait_for(lambda: "listening on" in served.log, what="the server to listen")
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        assert "Traceback" not in served.log


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--model", "enormous"), ExitCode.MODEL, "openai-whisper has no model 'enormous'"),
        (("--tokens", "/nowhere.toml"), ExitCode.USAGE, "/nowhere.toml can't be read"),
        (("--device", "abacus"), ExitCode.USAGE, "'abacus'"),
        (("--host", "192.0.2.1"), ExitCode.FAILED, "192.0.2.1:0 can't be listened on"),
        (("--config", "/nowhere.toml"), ExitCode.USAGE, "there is no configuration file"),
    ],
)
def test_a_start_that_can_not_be(
    tmp_path: Path, checkpoint: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    model = () if "--model" in arguments else ("--model", str(checkpoint))
    with serving(tmp_path, *model, *arguments) as served:
        assert served.process.wait(60) == code
        assert words in served.log and "Traceback" not in served.log
        assert left(tmp_path) == []


def test_a_model_that_can_not_be_loaded_ends_the_server(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no model")
    with serving(tmp_path, "--model", str(broken)) as served:
        assert served.process.wait(120) == ExitCode.MODEL
        assert served.log.splitlines()[-1].startswith("alternator serve: ")
        assert "Traceback" not in served.log


def test_a_port_that_is_taken() -> None:
    with listening("127.0.0.1", 0) as sockets:
        port = sockets[0].getsockname()[1]
        with (
            pytest.raises(AlternatorError, match=f"127.0.0.1:{port} can't be listened on"),
            listening("127.0.0.1", port),
        ):
            pass


def test_a_server_for_everybody_says_so() -> None:
    one = bound(socket.AF_INET, ("0.0.0.0", 0))
    with one:
        lines = list(greeting([one], [one], OPEN))
    assert "no --tokens: everybody who reaches" in lines[1]
    assert "(Wyoming)" in lines[2] and "neither tokens nor encryption" in lines[3]
    with listening("localhost", 0) as sockets:
        assert all("everybody" not in line for line in greeting(sockets, sockets, OPEN))


def test_the_command_line_goes_before_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "alternator.toml"
    config.write_text(
        "[whisper]\nengine = 'mine'\nidle_unload_minutes = 3\nmax_duration_minutes = 1\n"
    )
    usual = whisper_settings(ServeOptions(config=config))
    assert (usual.engine, usual.idle_unload_minutes, usual.max_duration_minutes) == ("mine", 3, 0)
    given = ServeOptions(config=config, engine="openai", idle_minutes=0, most_minutes=7)
    ours = whisper_settings(given)
    assert (ours.engine, ours.idle_unload_minutes, ours.max_duration_minutes) == ("openai", 0, 7)


def test_the_server_computes_nothing_itself() -> None:
    """Its memory is small since all of that is the workers'."""
    script = "import sys, alternator.serve.run; print({'torch', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n", done.stderr
