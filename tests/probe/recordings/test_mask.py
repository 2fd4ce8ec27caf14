"""What tells machines apart is replaced, equal things by equal ones."""

import time

import pytest

from probe.recordings.mask import Mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GPU-8a7b6c5d-1111-2222-3333-444455556666", "GPU-00000001-0000-4000-8000-000000000000"),
        ("Unique ID 0x5555555555555555", "Unique ID 0x0000000000000001"),
        ("Unique ID 0x4edfb117a17a07d", "Unique ID 0x0000000000000001"),
        ("Size: 33554432(0x2000000) KB", None),
        ("<serial>0424418054852</serial>", "<serial>SERIAL1</serial>"),
        ("/Users/alice/lib, /home/bob/lib", "/Users/user/lib, /home/user/lib"),
        ("simd_count 4\nunique_id 6148914691236517205\n", "simd_count 4\nunique_id 1\n"),
        ('"Serial Number": "PCB0012-AB"', '"Serial Number": "SERIAL1"'),
        ("fe80::1ff:fe23:4567:890a", "2001:db8::1"),
        ("2a00:1450:4001:82b:0:0:0:200e", "2001:db8::1"),
        ("2a00:1450::/32, fd00::5", "2001:db8::1/32, 2001:db8::2"),
        ("0::/docker/x", None),  # a line of /proc/1/cgroup
        ("driver 580.95.05, bus 00000000:01:00.0, 0000:c5:00.0", None),
        ("linux 6.12.12-amd64, NVRM version: 550.144.03", None),
        ("6.6.87.2-microsoft-standard-WSL2", None),
        ("from 10.0.0.7-standard", "from 192.0.2.1-standard"),
    ],
)
def test_mask(text, masked):
    assert Mask()(text) == (text if masked is None else masked)


def test_equal_things_stay_equal_in_all_their_forms():
    mask = Mask()
    hexadecimal, decimal = mask("GPU-00000000deadbeef"), mask("unique_id 3735928559")
    assert (hexadecimal, decimal) == ("GPU-0000000000000001", "unique_id 1")
    assert mask("MIG-8a7b6c5d-1111-2222-3333-444455556666")[4:] == mask(
        "8A7B6C5D-1111-2222-3333-444455556666"
    )


@pytest.mark.parametrize("text", ["serial ", "0:", "1.", "a-", "GPU-", "serial: ", "/home/"])
def test_a_megabyte_is_masked_in_time(text):
    """Each form repeated without end: no pattern may look at the rest of the text every time."""
    started = time.monotonic()
    Mask(("box",))(text * (1_000_000 // len(text)))
    Mask(("box",))(",\n".join(f"{text}{number}" for number in range(100_000)))
    assert time.monotonic() - started < 20
