"""The kernel's calls that confine a thread, and what it starts from then on. None is undone.

Each raises OSError with what the kernel says. They hold for the calling thread alone, so other
threads of the process go on as before: https://man7.org/linux/man-pages/man2/seccomp.2.html and
https://docs.kernel.org/userspace-api/landlock.html.
"""

import ctypes
import os
import sys
from contextlib import suppress
from functools import cache

PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
# The same on every architecture.
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1

LINUX = sys.platform == "linux"


class Instruction(ctypes.Structure):
    """``struct sock_filter``, one instruction of classic BPF."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


class Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(Instruction)))


class Handled(ctypes.Structure):
    """``struct landlock_ruleset_attr``: what is refused unless a rule allows it."""

    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class Beneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def refuse_new_privileges() -> None:
    """No program that is started gets more rights than this thread, whatever bits its file has."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def refuse_dumps() -> None:
    """Of this process no core is written, and no other of the same user reads its memory.

    https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
    """
    _prctl(PR_SET_DUMPABLE, 0)


def keep_memory_private() -> None:
    """``refuse_dumps``, where the kernel can; a process that holds a token begins with it."""
    with suppress(OSError):
        refuse_dumps()


def install_filter(program: Program) -> None:
    """A seccomp filter."""
    if _libc().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        raise _error()


def landlock_version() -> int:
    """What of Landlock this kernel knows, from 1; OSError where it has none, or it is off."""
    return _landlock(
        LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), LANDLOCK_CREATE_RULESET_VERSION
    )


def make_ruleset(handled: Handled, size: int) -> int:
    """A new set of rules, as a descriptor; ``size`` in bytes is as much as this kernel knows."""
    return _landlock(LANDLOCK_CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(size), 0)


def allow_beneath(ruleset: int, place: int, allowed: int) -> None:
    """Allow something of a file, or of all below a folder, that is open as ``place``."""
    rule = Beneath(allowed, place)
    _landlock(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, ctypes.byref(rule), 0)


def restrict(ruleset: int) -> None:
    """Hold this thread to the rules."""
    _landlock(LANDLOCK_RESTRICT_SELF, ruleset, 0)


@cache
def _libc() -> ctypes.CDLL:
    if not LINUX:
        raise OSError(0, "this is no Linux")
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0):
        raise _error()


def _landlock(number: int, *arguments: object) -> int:
    found: int = _libc().syscall(number, *arguments)
    if found < 0:
        raise _error()
    return found


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
