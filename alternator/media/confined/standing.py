"""By what decoders are held on this machine: what the kernel has, and what they start with.

Each program is tried once a process before it is used: nothing is won by a sandbox in which
nothing can be decoded. What does not hold is left out, and said.
"""

import errno
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alternator.errors import DecoderError
from alternator.media.confined import kernel, seccomp
from alternator.media.confined.landlock import ruleset
from alternator.media.confined.reach import NOTHING, is_this_python, of_program
from alternator.media.confined.starting import Held, Limits, hold_this_thread, start
from alternator.media.confined.variables import environment
from alternator.media.ffmpeg import find_ffmpeg

log = logging.getLogger("alternator.media")

TRIAL_SECONDS = 60.0
MIB = 1024 * 1024
TRIAL_LIMITS = Limits(memory=2048 * MIB, cpu=60, file=0)
# A whole decoding of a picture of one pixel, with all libraries that this takes.
PIXEL = (
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc000000301010018dd8db00000000049454e44ae426082"
)
TRIAL_OF_PYTHON = (
    "-P",
    "-c",
    (
        "from alternator.media.decoder.viewing import views_of_picture as views; "
        f"views(bytes.fromhex('{PIXEL}'), 'image/png', 8)"
    ),
)
TRIAL_OF_FFMPEG = ("-version",)

_trying = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Why one of the two does not hold a program; empty where it does."""

    seccomp: str = ""
    landlock: str = ""

    @property
    def held(self) -> Held:
        return Held(seccomp=not self.seccomp, landlock=not self.landlock)

    def in_words(self) -> str:
        """``seccomp on, landlock off: the kernel has none``."""
        pairs = (("seccomp", self.seccomp), ("landlock", self.landlock))
        return ", ".join(f"{name} off: {why}" if why else f"{name} on" for name, why in pairs)


def in_words() -> str:
    """How the decoders of pictures and of sound are held here, in one line."""
    pictures = standing_of(sys.executable).in_words()
    try:
        sound = standing_of(find_ffmpeg()).in_words()
    except DecoderError:
        sound = pictures
    return pictures if pictures == sound else f"of pictures: {pictures}; ffmpeg: {sound}"


def say_how_decoders_are_held() -> None:
    """One line in the log; a warning where not all of it holds."""
    words = in_words()
    log.log(logging.WARNING if " off: " in words else logging.INFO, "decoders: %s", words)


def standing_of(program: str) -> Standing:
    """By what this program is held, found out at the first time."""
    with _trying:
        return _tried(program)


@cache
def _tried(program: str) -> Standing:
    best = of_kernel()
    if of_program(program) is None:
        # What it starts, and what that has to open, nobody knows beforehand.
        name = Path(program).name
        return Standing(seccomp=best.seccomp, landlock=best.landlock or f"{name} is a script here")
    if not best.held or _starts(program, best.held):
        return best
    nothing = Held(seccomp=False, landlock=False)
    if not _starts(program, nothing):
        return best  # it does not start at all, which is not ours to mend
    why = f"{Path(program).name} does not start with it"
    without = Standing(seccomp=best.seccomp, landlock=why)
    if not (best.held.landlock and without.held and _starts(program, without.held)):
        without = Standing(seccomp=why, landlock=why)
    log.warning("%s decodes without what should hold it: %s", program, without.in_words())
    return without


@cache
def of_kernel() -> Standing:
    """What this kernel, or the container's engine, lets us hold a program by."""
    return Standing(seccomp=_seccomp_refused(), landlock=_landlock_refused())


def _seccomp_refused() -> str:
    if not kernel.LINUX:
        return "this is no Linux"
    if seccomp.program() is None:
        return f"there is no filter for {os.uname().machine}"
    return _attempted(Held(landlock=False))


def _landlock_refused() -> str:
    return _attempted(Held(seccomp=False))


def _attempted(held: Held) -> str:
    """Why a thread can't be held so, empty where it can."""
    refused = ""

    def attempt() -> None:
        nonlocal refused
        try:
            if held.landlock:
                with ruleset(NOTHING) as rules:
                    hold_this_thread(held, rules)
            else:
                hold_this_thread(held, None)
        except OSError as error:
            refused = _words(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join()
    return refused


def _words(error: OSError) -> str:
    if error.errno == errno.ENOSYS:
        return "the kernel has none"
    if error.errno == errno.EOPNOTSUPP:
        return "it is switched off in the kernel"
    return f"it is refused here ({error.strerror or error})"


def _starts(program: str, held: Held) -> bool:
    own = of_program(program)
    assert own is not None
    trial = TRIAL_OF_PYTHON if is_this_python(program) else TRIAL_OF_FFMPEG
    try:
        if held:
            child = start(lambda: _open([program, *trial]), held, own, TRIAL_LIMITS)
        else:
            child = _open([program, *trial])
    except OSError:
        return False
    try:
        return child.wait(TRIAL_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        child.kill()
        child.wait()


def _open(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        process_group=0,
    )
