"""The filter that refuses a decoder system calls which none needs, as a program for the kernel.

A call of another architecture ends the process: 32-bit numbers mean other calls. What is refused
fails with EPERM, so a library that only tries goes on. clone3, whose flags a filter can't see, is
said not to exist, and libc falls back to clone.
https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import errno
import os
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from alternator.media.confined.kernel import Instruction, Program

# Offsets in struct seccomp_data, and of the lower half of an argument on little-endian machines.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
IF_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
IF_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
RETURN = 0x06  # BPF_RET | BPF_K
ALLOW = 0x7FFF0000
KILL = 0x80000000
REFUSE = 0x00050000 | errno.EPERM
NOT_THERE = 0x00050000 | errno.ENOSYS

# CLONE_NEWTIME, NS, CGROUP, UTS, IPC, USER, PID, NET: include/uapi/linux/sched.h
NEW_NAMESPACES = 0x7E020080
# What puts words into a terminal as if they were typed: include/uapi/asm-generic/ioctls.h
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
# Numbers with this bit are x86_64's calls under a third name (x32).
X32 = 0x40000000


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """``audit``: how the kernel calls it; then the calls whose arguments are looked at."""

    audit: int
    clone: int
    clone3: int
    ioctl: int
    x32: bool = False


# Keys as os.uname says them; AUDIT_ARCH_* of include/uapi/linux/audit.h.
ARCHITECTURES = {
    "x86_64": Architecture(audit=0xC000003E, clone=56, clone3=435, ioctl=16, x32=True),
    "aarch64": Architecture(audit=0xC00000B7, clone=220, clone3=435, ioctl=29),
}


@cache
def program() -> Program | None:
    """The filter for this machine; None where it is of neither architecture."""
    machine = os.uname().machine
    if machine not in ARCHITECTURES or sys.maxsize < 2**32:
        return None
    instructions = list(instructions_for(machine))
    array = (Instruction * len(instructions))(*instructions)
    return Program(len(instructions), array)


def refused_calls(machine: str) -> dict[str, int]:
    """The calls that are always refused, with their numbers on a machine."""
    text = files(__package__).joinpath("refused_calls.toml").read_text(encoding="utf-8")
    return {
        name: numbers[machine]
        for calls in tomllib.loads(text).values()
        for name, numbers in calls.items()
        if numbers[machine]
    }


def instructions_for(machine: str) -> Iterator[Instruction]:
    """The filter of an architecture. Jumps count the instructions that are passed over."""
    known = ARCHITECTURES[machine]
    yield Instruction(LOAD, 0, 0, ARCHITECTURE)
    yield Instruction(IF_EQUAL, 1, 0, known.audit)
    yield Instruction(RETURN, 0, 0, KILL)
    yield Instruction(LOAD, 0, 0, NUMBER)
    if known.x32:
        yield Instruction(IF_AT_LEAST, 0, 1, X32)
        yield Instruction(RETURN, 0, 0, REFUSE)
    for number in refused_calls(machine).values():
        yield Instruction(IF_EQUAL, 0, 1, number)
        yield Instruction(RETURN, 0, 0, REFUSE)
    yield Instruction(IF_EQUAL, 0, 1, known.clone3)
    yield Instruction(RETURN, 0, 0, NOT_THERE)
    yield Instruction(IF_EQUAL, 0, 4, known.clone)
    yield Instruction(LOAD, 0, 0, ARGUMENTS)
    yield Instruction(IF_ANY_BIT, 0, 1, NEW_NAMESPACES)
    yield Instruction(RETURN, 0, 0, REFUSE)
    yield Instruction(RETURN, 0, 0, ALLOW)
    yield Instruction(IF_EQUAL, 0, 4, known.ioctl)
    yield Instruction(LOAD, 0, 0, ARGUMENTS + 8)
    yield Instruction(IF_EQUAL, 1, 0, TIOCSTI)
    yield Instruction(IF_EQUAL, 0, 1, TIOCLINUX)
    yield Instruction(RETURN, 0, 0, REFUSE)
    yield Instruction(RETURN, 0, 0, ALLOW)
