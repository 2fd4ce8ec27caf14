"""How long it takes from a SIGKILL of a role until nothing waits for it any more.

Of bots and workers another one is there. What there is one of is started again, as a container
engine does it.
"""

import os
import signal
import subprocess
import time
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import requests

from alternator.members.cipher import Cipher, new_key
from bench.scale.finished import enrol
from bench.scale.pages import free_port, website
from bench.scale.roles import Cluster, Scene
from bench.scale.scene import PostgresServer, process, shared_store, wait_for

CHECKPOINT = Path(__file__).parents[2] / "sandbox" / "whisper" / "fixture.pt"
SENTENCE = "Captions help everyone understand."  # one that the checkpoint knows
SENTENCES = 40
HELD_SECONDS = 20.0  # by the endpoint: longer than a process takes to say what it is at
RESTART_SECONDS = 1.0
AT_WORK = "SELECT pid FROM process WHERE role = 'worker' AND (facts ->> 'under_way')::int > 0"
WATCHING = "SELECT process.pid FROM watched JOIN process ON process.id = watched.holder"
SERVER = "https://one.example"  # members' own; nothing is asked of it
DESCRIBED = "all is described"


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """Seconds from a SIGKILL of a role until something is so; ``again``: it was started again."""

    role: str
    seconds: float
    until: str = DESCRIBED
    again: bool = False


def recoveries(postgres: PostgresServer) -> list[Recovery]:
    """Of each role."""
    return [*of_many(postgres), of_serve(postgres), of_web(postgres), of_run()]


def of_many(postgres: PostgresServer) -> Iterator[Recovery]:
    """The worker that is at a post, then the bot that watches; another is there of each."""
    with ExitStack() as stack:
        cluster = Cluster(postgres, stack)
        cluster.vision.fail(delay=HELD_SECONDS, times=1)
        post = cluster.post()
        began = killed(named(cluster, AT_WORK))
        cluster.described(post)
        yield Recovery(role="worker", seconds=time.monotonic() - began)
        began = killed(named(cluster, WATCHING))
        cluster.described(cluster.post())
        yield Recovery(role="bot", seconds=time.monotonic() - began)


def of_serve(postgres: PostgresServer) -> Recovery:
    """The server of speech, in the middle of a clip; the workers have no engine of their own."""
    port = free_port()
    asked = {
        "ALTERNATOR_WHISPER_ENABLED": "true",
        "ALTERNATOR_WHISPER_ENGINE": "openai-api",
        "ALTERNATOR_WHISPER_SERVER_URL": f"http://127.0.0.1:{port}/v1",
        "ALTERNATOR_WHISPER_SERVER_MODEL": "fixture",
    }
    with ExitStack() as stack:
        command = ["-m", "alternator", "serve", "--port", str(port), "--model", str(CHECKPOINT)]
        pid = stack.enter_context(process(command))
        wait_for(lambda: "ready" in heard_from(port, "readyz"), "the start of the server")
        cluster = Cluster(postgres, stack, asked)
        post = cluster.post(talk(cluster.folder))
        wait_for(
            lambda: "alternator_requests_under_way 1.0" in heard_from(port, "metrics"),
            "a clip under way",
        )
        began = killed(pid)
        time.sleep(RESTART_SECONDS)
        stack.enter_context(process(command))
        cluster.described(post)
        return Recovery(role="serve", seconds=time.monotonic() - began, again=True)


def of_web(postgres: PostgresServer) -> Recovery:
    """The pages, until a member who had signed in before gets theirs."""
    name = postgres.with_tables()
    port, key = free_port(), new_key()
    with ExitStack() as stack:
        stack.callback(postgres.drop, name)
        store = stack.enter_context(shared_store(postgres, name))
        enrol(store, SERVER, Cipher(key), 1)
        arguments = (postgres, name, store, SERVER, key, port)
        site = stack.enter_context(website(*arguments))
        site.get_as(1, "/me")
        began = killed(site.pid)
        time.sleep(RESTART_SECONDS)
        stack.enter_context(website(*arguments))
        site.get_as(1, "/me")
        return Recovery(
            role="web",
            seconds=time.monotonic() - began,
            until="a member's page is there",
            again=True,
        )


def of_run() -> Recovery:
    """The bot alone, in the middle of a post."""
    with ExitStack() as stack:
        scene = Scene(stack)
        pid = scene.start("run", "alone", {})
        scene.settled()
        scene.vision.fail(delay=HELD_SECONDS, times=1)
        asked = len(scene.vision.requests())
        post = scene.post()
        wait_for(lambda: len(scene.vision.requests()) > asked, "a question to the endpoint")
        began = killed(pid)
        time.sleep(RESTART_SECONDS)
        scene.start("run", "alone", {})
        scene.described(post)
        return Recovery(role="run", seconds=time.monotonic() - began, again=True)


def named(cluster: Cluster, query: str) -> int:
    """The process that a query names, once it names one."""
    wait_for(lambda: cluster.postgres.execute(query, cluster.name), "a process at work")
    [(pid,), *_] = cluster.postgres.execute(query, cluster.name)
    assert isinstance(pid, int)
    return pid


def killed(pid: int) -> float:
    """Kill a process; when that was."""
    os.kill(pid, signal.SIGKILL)
    return time.monotonic()


def heard_from(port: int, path: str) -> str:
    """What a server says; nothing while it is away."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/{path}", timeout=5).text
    except requests.ConnectionError:
        return ""


def talk(folder: Path) -> Path:
    """Minutes of speech, so that a kill strikes in the middle."""
    once, target = folder / "once.wav", folder / "talk.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "160", "-w", once, SENTENCE], check=True)
    with wave.open(str(once)) as file:
        form, frames = file.getparams(), file.readframes(file.getnframes())
    with wave.open(str(target), "wb") as file:
        file.setparams(form)
        file.writeframes((frames + bytes(form.framerate)) * SENTENCES)
    return target
