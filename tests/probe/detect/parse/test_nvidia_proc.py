"""/proc/driver/nvidia."""

import pytest

from probe.detect.parse.nvidia_proc import (
    parse_driver_version,
    parse_information,
    parse_module,
)


@pytest.mark.parametrize(
    ("line", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  375.74  Wed Jun 14 01:39:39 PDT 2017",
            "375.74",
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.144.03  Release Build",
            "550.144.03",
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.95.05", "580.95.05"),
        ("GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)", None),
        ("", None),
    ],
)
def test_driver_version(line, version):
    assert parse_driver_version(f"{line}\nGCC version:  gcc version 12.3.0\n") == version


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  575.57.08  Release Build", "proprietary"),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  575.57.08  Release Build",
            "open",
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.95.05\r", "open"),
        ("NVRM version: something else  580.95.05", None),
        ("GCC version:  Open Kernel Module", None),
        ("", None),
    ],
)
def test_the_flavour_of_the_module(line, module):
    assert parse_module(f"{line}\nGCC version:  gcc version 12.3.0\n") == module


def test_information():
    text = (
        "Model: \t\t NVIDIA GeForce RTX 4090\nIRQ:   \t\t 171\n"
        "GPU UUID: \t GPU-1234\nBus Location: \t 0000:01:00.0\nDevice Minor: \t 0\n"
    )
    card = parse_information(text)
    assert card is not None
    assert (card.bus, card.uuid, card.name) == (
        "0000:01:00.0",
        "GPU-1234",
        "NVIDIA GeForce RTX 4090",
    )
    assert card.minor == 0


def test_information_of_a_sleeping_card():
    card = parse_information("GPU UUID: GPU-????????-????\nBus Location: 0000:01:00.0\n")
    assert card is not None
    assert (card.uuid, card.minor) == (None, None)


def test_information_that_is_none():
    assert parse_information("") is None
