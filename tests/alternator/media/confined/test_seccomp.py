"""The filter, walked through for every call, and its numbers against the kernel's own headers."""

import errno
import re
import struct
from pathlib import Path

import pytest

from alternator.media.confined.seccomp import (
    ALLOW,
    ARCHITECTURES,
    IF_ANY_BIT,
    IF_AT_LEAST,
    IF_EQUAL,
    KILL,
    LOAD,
    NOT_THERE,
    REFUSE,
    RETURN,
    instructions_for,
    refused_calls,
)

MACHINES = sorted(ARCHITECTURES)
# Of Debian's linux-libc-dev: one's own, and that which aarch64 has.
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
DEFINED = re.compile(r"#define __NR(?:3264)?_(\w+)\s+(\d+)")


def verdict(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """What the filter says of a call: classic BPF as the kernel runs it."""
    known = ARCHITECTURES[machine]
    given = struct.pack("<IIQ", number, known.audit if audit is None else audit, 0)
    given += struct.pack("<6Q", *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    program = list(instructions_for(machine))
    place = held = 0
    while True:
        step = program[place]
        place += 1
        match step.code:
            case code if code == LOAD:
                (held,) = struct.unpack_from("<I", given, step.operand)
            case code if code == RETURN:
                return int(step.operand)
            case code if code == IF_EQUAL:
                place += step.if_true if held == step.operand else step.if_false
            case code if code == IF_AT_LEAST:
                place += step.if_true if held >= step.operand else step.if_false
            case code if code == IF_ANY_BIT:
                place += step.if_true if held & step.operand else step.if_false
            case code:
                raise AssertionError(code)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_of_the_table_is_refused_and_no_other(machine: str):
    refused = set(refused_calls(machine).values())
    special = {ARCHITECTURES[machine].clone3}
    for number in range(600):
        said = verdict(machine, number)
        assert said == (REFUSE if number in refused else ALLOW) or number in special, number
    assert verdict(machine, ARCHITECTURES[machine].clone3) == NOT_THERE
    assert REFUSE & 0xFFFF == errno.EPERM and NOT_THERE & 0xFFFF == errno.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
def test_a_clone_makes_threads_and_processes_but_no_namespace(machine: str):
    clone = ARCHITECTURES[machine].clone
    threads = 0x3D0F00  # what glibc's pthread_create asks for
    for flags in (0x11, 0x4111, threads):
        assert verdict(machine, clone, flags) == ALLOW
    for namespace in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000):
        assert verdict(machine, clone, namespace | 0x11) == REFUSE
    assert verdict(machine, clone, 0x40000000 | 0x11) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_is_typed_into_a_terminal(machine: str):
    ioctl = ARCHITECTURES[machine].ioctl
    assert verdict(machine, ioctl, 0, 0x5412) == verdict(machine, ioctl, 0, 0x541C) == REFUSE
    assert verdict(machine, ioctl, 0, 0x5401) == ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_architecture_end_the_process(machine: str):
    assert verdict(machine, 0, audit=0x40000003) == KILL  # i386


def test_calls_under_their_third_name_are_refused():
    assert verdict("x86_64", 0x40000000 | 41) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernels(machine: str):
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip(f"{header} is not installed (linux-libc-dev)")
    numbers = {name: int(number) for name, number in DEFINED.findall(header.read_text())}
    known = ARCHITECTURES[machine]
    ours = refused_calls(machine) | {
        "clone": known.clone,
        "clone3": known.clone3,
        "ioctl": known.ioctl,
    }
    assert ours == {name: numbers.get(name) for name in ours}
