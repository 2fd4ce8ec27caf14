"""Which models are kept, who waits for room, and who goes first."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import cast

import openai
import pytest
import requests
from running_serve import RunningServe
from waiting import wait_for

from alternator.config.models import WhisperSettings
from alternator.serve import models as module
from alternator.serve.models import Models
from alternator.serve.options import ServeOptions
from alternator.speech.transcriber import Transcriber


class Stub:
    """A transcriber that only notes that it was closed."""

    def __init__(self, name: str) -> None:
        self.name, self.closed, self.waiting = name, False, 1

    def close(self) -> None:
        self.closed = True


def of(most: int) -> tuple[Models, dict[str, list[Stub]]]:
    """Models, and every transcriber that was made for each name."""
    made: dict[str, list[Stub]] = {}

    def make(name: str) -> Transcriber:
        made.setdefault(name, []).append(Stub(name))
        return cast(Transcriber, made[name][-1])

    return Models(make, most), made


class User:
    """Somebody who uses a model until told to leave."""

    def __init__(self, models: Models, name: str) -> None:
        self.has = asyncio.Event()
        self.leave = asyncio.Event()
        self.task = asyncio.create_task(self._use(models, name))

    async def _use(self, models: Models, name: str) -> None:
        async with models.borrowed(name):
            self.has.set()
            await self.leave.wait()

    async def end(self) -> None:
        self.leave.set()
        await self.task


async def settled() -> None:
    """Everybody who can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_the_least_recently_used_one_makes_room() -> None:
    models, made = of(2)

    async def play() -> None:
        for name in ("a", "b", "a", "c"):
            async with models.borrowed(name):
                pass

    asyncio.run(play())
    assert [kept.name for kept in models.kept] == ["a", "c"]
    assert made["b"][0].closed and not made["a"][0].closed
    models.close()
    assert made["a"][0].closed and made["c"][0].closed


def run(play: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await play()

    asyncio.run(bounded())


def test_one_in_use_is_waited_for() -> None:
    models, made = of(1)

    async def play() -> None:
        first = User(models, "a")
        await first.has.wait()
        second = User(models, "b")
        await settled()
        assert not second.has.is_set() and not made["a"][0].closed
        assert models.waiting == 1 + 1  # the one that waits for room, and what the stub says
        another = User(models, "a")  # its model is there
        await another.has.wait()
        await first.end()
        await settled()
        assert not second.has.is_set()
        await another.end()
        await second.has.wait()
        assert made["a"][0].closed
        await second.end()

    run(play)


def test_a_busy_model_does_not_keep_others_out_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    models, made = of(1)

    async def play() -> None:
        first = User(models, "a")
        await first.has.wait()
        second = User(models, "b")
        await settled()
        third = User(models, "a")  # after somebody who waits for room
        await settled()
        assert not third.has.is_set()
        await first.end()
        await second.has.wait()
        await second.end()
        await third.has.wait()
        await third.end()
        assert [len(made[name]) for name in "ab"] == [2, 1]

    run(play)


def test_somebody_who_gives_up_waiting_leaves_the_queue() -> None:
    models, _ = of(1)

    async def play() -> None:
        first = User(models, "a")
        await first.has.wait()
        second, third = User(models, "b"), User(models, "c")
        await settled()
        second.task.cancel()
        await settled()
        await first.end()
        await third.has.wait()
        await third.end()

    run(play)


def test_two_real_models_of_which_one_is_kept(
    whisper_settings: WhisperSettings,
    checkpoint: Path,
    tmp_path: Path,
    speak: Callable[..., Path],
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "mine.pt").symlink_to(checkpoint)
    (tmp_path / "uploads").mkdir()
    settings = dataclasses.replace(whisper_settings, model_dir=tmp_path / "models")
    spoken = "Captions help everyone understand."
    with RunningServe(settings, tmp_path / "uploads", ServeOptions(most_models=1)) as running:
        create = running.client().audio.transcriptions.create
        assert [model.id for model in running.client().models.list()] == ["fixture", "mine"]
        for name in ("fixture", "mine", "fixture"):
            assert create(file=speak(spoken), model=name).text == spoken
            assert running.metric(f'alternator_model_loaded{{model="{name}"}}') == 1
            assert running.metric("alternator_models_loaded") == 1


def test_a_model_that_can_not_be_loaded_is_no_end_of_the_others(
    whisper_settings: WhisperSettings, tmp_path: Path, speak: Callable[..., Path]
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "broken.pt").write_bytes(b"no model")
    (tmp_path / "uploads").mkdir()
    settings = dataclasses.replace(whisper_settings, model_dir=tmp_path / "models")
    spoken = "Captions help everyone understand."
    with RunningServe(settings, tmp_path / "uploads") as running:
        create = running.client().audio.transcriptions.create
        with pytest.raises(openai.InternalServerError, match="broken") as caught:
            create(file=speak(spoken), model="broken")
        assert (caught.value.status_code, caught.value.code) == (503, "model_unavailable")
        assert create(file=speak(spoken), model="fixture").text == spoken
        running.wait_until_empty()


def test_a_model_without_work_is_unloaded_and_loaded_again(
    whisper_settings: WhisperSettings, tmp_path: Path, speak: Callable[..., Path]
) -> None:
    settings = dataclasses.replace(whisper_settings, idle_unload_minutes=0.005)
    spoken = "Captions help everyone understand."
    with RunningServe(settings, tmp_path) as running:
        create = running.client().audio.transcriptions.create
        assert create(file=speak(spoken), model="fixture").text == spoken
        wait_for(lambda: running.metric("alternator_models_loaded") == 0, what="the model to go")
        assert requests.get(f"{running.url}/readyz", timeout=10).status_code == 200
        assert create(file=speak(spoken), model="fixture").text == spoken


def test_a_model_that_was_unloaded_is_loaded_while_the_request_still_comes(
    whisper_settings: WhisperSettings, tmp_path: Path, speak: Callable[..., Path]
) -> None:
    settings = dataclasses.replace(whisper_settings, idle_unload_minutes=0.005)
    spoken = "Captions help everyone understand."
    with RunningServe(settings, tmp_path) as running:
        wait_for(lambda: running.preload.why_not_ready() is None, what="the model")
        (kept,) = running.models.kept
        wait_for(lambda: kept.transcriber.state == "unloaded", what="the model to go")

        def slowly() -> Iterator[bytes]:
            head = 'Content-Disposition: form-data; name="file"; filename="a.wav"'
            yield f"--b\r\n{head}\r\n\r\n".encode()
            wait_for(lambda: kept.transcriber.worker_pid is not None, what="a worker")
            yield speak(spoken).read_bytes()
            yield b"\r\n--b--\r\n"

        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        address = f"{running.url}/v1/audio/transcriptions"
        answer = requests.post(address, slowly(), headers=headers, timeout=60)
        assert answer.json()["text"] == spoken
