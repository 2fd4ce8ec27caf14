"""Every exit code of this project's commands: one number, one meaning, in all of them.

They stand in one table so that none is given twice: a container runs the probe, the universal
image's installer and the bot one after the other, and ``alternator up`` the builder and the stack,
so a number must say the same whoever ended. ``docs/reference.md`` prints the table.
"""

from enum import IntEnum, unique
from typing import Self


@unique
class ExitCode(IntEnum):
    """A number and what it means."""

    meaning: str

    def __new__(cls, number: int, meaning: str) -> Self:
        """A member with its meaning beside it."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.meaning = meaning
        return member

    FAILED = 1, "it did not work, or not for every file or post; what was said tells more"
    USAGE = 2, "an option, a variable or a configuration key can't be meant, or can't work here"
    NO_GPU = 3, "`--require-gpu`, and no GPU can be used"
    SERVER = 4, "the Mastodon server can't be reached, or refuses"
    MODEL = 5, "the Whisper model can't be found, fetched or loaded"
    WORKER = 6, "the Whisper worker died or did not answer in time"
    MEDIA = 7, "a medium can't be read"
    VISION = 8, "the vision endpoint gave no usable answer"
    DECODER = 9, "there is no ffmpeg"
    STATE = 10, "the bot's memory can't be read or written"
    STALE = 11, "a committed file is not what its generator makes now"
    ENGINE = 12, "no container engine, or one that refuses to work"
    PACKAGES = 13, "packages for an image can't be had"
    BUILD = 14, "an image did not build"
    SITE = 15, "what the site adds to a build (certificates, mirrors, credentials) can't be had"
    BUDGET = 16, "an image is larger than allowed"
    TRANSFER = 17, "an image can't be pushed, saved or loaded"
    UNHEALTHY = 18, "the stack was started and the bot did not become healthy"
    DEMO = 19, "the demo was started and a sample was not described in time"
    HAND_OVER = 20, "the engine can't hand this machine's GPU to a container"
    INSTALL = 21, "the universal image can't install a build of torch"
    HASH = 22, "a package is not the one that was locked"
    LOCK = 23, "a lock can't be read"
    INDEX = 24, "the package index can't be reached"
    LEFT_OUT = 25, "a GPU library was called that the lean CUDA image leaves out (docs/images.md)"
    INTERNAL = 70, "a defect of ours (EX_SOFTWARE of sysexits.h)"
    NO_COMMAND = 127, "the container was given a command that it does not have, as shells say"
    INTERRUPTED = 130, "ended by Ctrl-C, as shells say"
    BROKEN_PIPE = 141, "the reader of the output went away, as shells say"
