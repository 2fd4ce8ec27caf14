"""``alternator transcribe --live``: speech is written down while it comes.

Ctrl-C and SIGTERM end the sound; what was said until then is still written down. A second one does
not wait for that.
"""

import asyncio
import signal
import sys
import threading
from concurrent.futures import CancelledError
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import assert_never

from alternator.errors import MediaError
from alternator.live.asking import transcript_of
from alternator.live.look import Hear, Look
from alternator.live.news import Began, Ended, Final, Lost, News, Partial
from alternator.live.pace import Pace
from alternator.live.sources import Source, check, opened
from alternator.live.stream import Stream
from alternator.media.audio_command import SAMPLE_RATE
from alternator.speech.transcriber import Transcriber
from alternator.speech.transcript import Transcript
from alternator.temporary import own_folder
from alternator.transcribe.console import show_anything
from alternator.transcribe.live_console import LiveConsole
from alternator.transcribe.options import Arguments
from alternator.transcribe.run import terminated, whisper_settings
from probe.exit_codes import ExitCode

SECOND_BYTES = 2 * SAMPLE_RATE
# Who ended the sound and still waits after so long is told what for.
PATIENCE_SECONDS = 2.0
STILL = "what was said until then is still being written down; a second Ctrl-C does not wait for it"
CLOSE_SECONDS = 5.0


def run(arguments: Arguments) -> int:
    """The exit code: 0 if all was heard, FAILED if not, 130 if it was broken off."""
    show_anything()
    settings = whisper_settings(arguments)
    decoding = replace(
        arguments.decoding, language=settings.language, task=settings.task, vad=settings.vad
    )
    (name,) = arguments.inputs
    check(name)  # before a model is loaded
    with (
        terminated(),
        own_folder("alternator-live") as folder,
        Transcriber(settings, device=arguments.device, threads=arguments.threads) as transcriber,
    ):
        transcriber.start()

        async def hear(look: Look) -> Transcript:
            return await transcript_of(transcriber, look, decoding, folder)

        with opened(name) as source:
            console = LiveConsole(sys.stdout, words=sys.stdout.isatty())
            listening = Listening(source, console)
            try:
                return asyncio.run(listening.until_end(hear))
            finally:
                console.clear()
                listening.close()


class Listening:
    """One run of the command."""

    def __init__(self, source: Source, console: LiveConsole) -> None:
        self._source = source
        self._console = console
        self._ending = False
        self._feeding: threading.Thread | None = None
        self._error: MediaError | None = None
        self._bytes = 0
        self._lost = 0

    async def until_end(self, hear: Hear) -> int:
        """Hear all there is. MediaError if there is no sound, and the errors of the transcriber."""
        loop = asyncio.get_running_loop()
        main = asyncio.current_task()
        assert main is not None
        stream = Stream(hear, Pace(), SAMPLE_RATE)

        def end() -> None:
            if self._ending:
                main.cancel()
                return
            self._ending = True
            # What was said before the signal may not have been read yet. The thread that reads
            # comes to the end of it, and finishes the stream then.
            self._source.end()
            loop.call_later(PATIENCE_SECONDS, self._console.complain, STILL)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        self._feeding = threading.Thread(target=self._feed, args=(stream, loop), daemon=True)
        self._feeding.start()
        try:
            async with aclosing(stream.news()) as news:
                async for one in news:
                    self._show(one)
        except asyncio.CancelledError:
            return 128 + signal.SIGINT
        if self._error is not None:
            raise self._error
        seconds = self._bytes / SECOND_BYTES
        self._console.complain(self._console.summary(seconds))
        return ExitCode.FAILED if self._lost else 0

    def close(self) -> None:
        """Nothing is read any more. After ``until_end``."""
        self._source.end()
        if self._feeding is not None:
            self._feeding.join(CLOSE_SECONDS)

    def _feed(self, stream: Stream, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own, since reading waits. Sound that can't be heard in time waits
        where it comes from."""
        try:
            while data := self._source.read():
                self._bytes += len(data)
                feeding = stream.feed(data)
                try:
                    asyncio.run_coroutine_threadsafe(feeding, loop).result()
                except RuntimeError:
                    feeding.close()  # the loop is closed, and never began with it
                    raise
        except MediaError as error:
            self._error = error
        except (OSError, RuntimeError, CancelledError):
            pass  # the command ends
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(stream.finish)

    def _show(self, news: News) -> None:
        match news:
            case Partial():
                self._console.partial(news)
            case Final():
                self._console.final(news)
            case Lost():
                self._lost += 1
                self._console.complain(f"up to {news.at:.1f} s: {news.error}")
            case Began() | Ended():
                self._console.clear()
            case _:
                assert_never(news)
