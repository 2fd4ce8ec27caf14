"""nvidia-smi's CSV and list."""

import pytest

from probe.detect.parse.nvidia_smi import (
    FIELDS,
    parse_faults,
    parse_list,
    parse_query,
    whole_lines,
)

HEADER = "index, uuid, name, driver_version, memory.total [MiB], pci.bus_id, pci.device_id"


def test_a_row_with_units_and_a_header_in_another_order():
    text = (
        "uuid, compute_cap, index, memory.total [MiB], name, driver_version\n"
        "GPU-a, 12.1, 3, 24564 MiB, NVIDIA X, 610.57.04\n"
    )
    (gpu,) = parse_query(text)
    assert (gpu.index, gpu.uuid, gpu.vram_mib, gpu.compute_capability) == (
        3,
        "GPU-a",
        24564,
        (12, 1),
    )


def test_rows_without_a_header_are_in_the_order_of_the_query():
    (gpu,) = parse_query(
        "0, GPU-a, T4, 470.82.01, 15109, 15000, 00000000:00:1E.0, 0x1EB810DE", FIELDS
    )
    assert (gpu.bus, gpu.device, gpu.name) == ("0000:00:1e.0", 0x1EB8, "T4")


def test_warnings_before_the_rows():
    text = (
        "WARNING: infoROM is corrupted at gpu 0000:01:00.0\n"
        f"{HEADER}\n0, GPU-a, T4, 535.1, 15109, 00000000:01:00.0, 0x1EB810DE\n"
        "WARNING: infoROM is corrupted at gpu 0000:01:00.0\n"
    )
    assert [gpu.uuid for gpu in parse_query(text, FIELDS)] == ["GPU-a"]


@pytest.mark.parametrize("memory", ["[N/A]", "Not Supported", "[Not Supported]", "N/A", "0", "x"])
def test_memory_that_is_not_known(memory):
    text = f"{HEADER}\n0, GPU-a, NVIDIA GB10, 580.95.05, {memory}, 000F:01:00.0, 0x2E1210DE\n"
    (gpu,) = parse_query(text, FIELDS)
    assert gpu.vram_mib is None
    assert gpu.bus == "000f:01:00.0"


def test_a_lost_card():
    text = (
        f"{HEADER}\n0, GPU-a, T4, 535.1, [GPU is lost], 00000000:01:00.0, 0x1EB810DE\n"
        "1, GPU-b, T4, 535.1, 15109, 00000000:02:00.0, 0x1EB810DE\n"
    )
    assert [gpu.fault for gpu in parse_query(text, FIELDS)] == [15, None]


def test_a_lost_card_of_which_nothing_else_is_told():
    lost = ", ".join(["[GPU is lost]"] * 6)
    found = parse_query(f"{HEADER}\n0, GPU-a, T4, 535.1, 15109, 0:1:0.0, 0x1EB810DE\n1, {lost}\n")
    assert [(gpu.index, gpu.uuid, gpu.fault) for gpu in found] == [
        (0, "GPU-a", None),
        (1, None, 15),
    ]


def test_one_cell_that_the_driver_can_not_tell_is_no_lost_card():
    text = f"{HEADER}\n0, GPU-a, T4, 535.1, [Unknown Error], 00000000:01:00.0, 0x1EB810DE\n"
    assert [gpu.fault for gpu in parse_query(text)] == [None]


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("[GPU is lost]", 15),
        ("GPU is lost", 15),
        ("[GPU requires reset]", 16),
        ("[GPU requires restart]", 16),
        ("[Insufficient External Power]", 8),
        ("[Insufficient Permissions]", None),
        ("[Not Found]", None),
        ("[N/A]", None),
        ("ERR!", None),
    ],
)
def test_what_one_cell_says_of_its_card(cell, fault):
    text = f"{HEADER}\r\n0, GPU-a, T4, 535.1, {cell}, 00000000:01:00.0, 0x1EB810DE\r\n"
    (gpu,) = parse_query(text, FIELDS)
    assert (gpu.fault, gpu.vram_mib) == (fault, None)


@pytest.mark.parametrize(
    ("line", "bus", "fault"),
    [
        (
            "Unable to determine the device handle for GPU0000:17:00.0: Unknown Error",
            "0000:17:00.0",
            255,
        ),
        (
            "Unable to determine the device handle for GPU 0000:0B:00.0: GPU is lost.  Reboot the "
            "system to recover this GPU",
            "0000:0b:00.0",
            15,
        ),
        (
            "Unable to determine the device handle for gpu 00000000:82:00.0: GPU requires reset",
            "0000:82:00.0",
            16,
        ),
        (
            "Unable to determine the device handle for GPU1: 0000:E1:00.0: Unknown Error",
            "0000:e1:00.0",
            255,
        ),
    ],
)
def test_a_card_that_it_gets_no_handle_of(line, bus, fault):
    (gpu,) = parse_faults(f"WARNING: odd\r\n{line}\r\n{line}\r\n")
    assert (gpu.bus, gpu.fault) == (bus, fault)
    assert parse_query(line) == ()


def test_two_cards_without_a_handle():
    line = "Unable to determine the device handle for GPU{}: Unknown Error"
    text = "\n".join(line.format(bus) for bus in ("0000:17:00.0", "0000:65:00.0"))
    assert [gpu.bus for gpu in parse_faults(text)] == ["0000:17:00.0", "0000:65:00.0"]


@pytest.mark.parametrize("text", ["", "No devices were found", "device handle for GPU: x"])
def test_no_card_is_named(text):
    assert parse_faults(text) == ()


def test_the_last_line_of_a_killed_tool_may_not_be_whole():
    assert whole_lines("a\nb\nc") == "a\nb\n"
    assert whole_lines("a\n") == "a\n"
    assert whole_lines("a") == ""


@pytest.mark.parametrize(
    ("identity", "device"), [("0x1EB810DE", 0x1EB8), ("0x1EB810D", None), ("0x1EB8", None)]
)
def test_a_device_id_that_was_cut_off_is_none(identity, device):
    (gpu,) = parse_query(f"{HEADER}\n0, GPU-a, T4, 470.1, 15109, 0:1:0.0, {identity}", FIELDS)
    assert gpu.device == device


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("NVIDIA A40-48C", "48C"),
        ("NVIDIA A40-2B", "2B"),
        ("GRID T4-2B4", "2B4"),
        ("GRID P40-1A", "1A"),
        ("GRID M60-0B", "0B"),
        ("NVIDIA A100-1-5CME", "5CME"),
        ("NVIDIA A100-PCIE-40GB", None),
        ("NVIDIA A100-SXM4-80GB", None),
        ("P104-100", None),
        ("NVIDIA H100 80GB HBM3", None),
        ("Orin (nvgpu)", None),
    ],
)
def test_the_profile_of_a_virtual_gpu(name, profile):
    (gpu,) = parse_query(f"{HEADER}\n0, GPU-a, {name}, 570.1, 2048, 0:1:0.0, 0x223510DE\n")
    assert gpu.vgpu == profile


@pytest.mark.parametrize("word", ["Enabled", "Enab", "E"])
def test_mig_mode_also_where_the_answer_ends_in_the_word(word):
    text = f"index, uuid, driver_version, mig.mode.current\n0, GPU-a, 535.1, {word}"
    assert [gpu.mig for gpu in parse_query(text)] == [True]


def test_a_uuid_that_is_none_is_not_handed_on():
    (gpu,) = parse_query(f"{HEADER}\n0, $(reboot), T4, 535.1, 15109, 0:1:0.0, 0x1EB810DE\n")
    assert gpu.uuid is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No devices were found",
        "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.1",
        'Field "compute_cap" is not a valid field to query.',
        "NVIDIA-SMI 610.57 | KMD Version: 610.57 | CUDA UMD Version: 13.3",
        "a, b, c, d, e, f, g, h, i",
        "Fehler: der Treiber, der Treiber, , , , , , , ,",
        "\0\1\2, , , , , , , ,",
    ],
)
def test_no_rows(text):
    assert parse_query(text) == ()


def test_mig_slices():
    text = (
        "GPU 0: NVIDIA H200 (UUID: GPU-a)\n"
        "  MIG 1c.3g.71gb  Device  0: (UUID: MIG-1)\n"
        "  MIG 1g.18gb     Device  1: (UUID: MIG-2)\n"
        "GPU 1: NVIDIA H200 (UUID: GPU-b)\n"
        "  MIG 1g.18gb     Device  0: (UUID: MIG-GPU-b/7/0)\n"
    )
    found = parse_list(text)
    assert [(s.uuid, s.slice_of, s.vram_mib) for s in found if s.slice_of is not None] == [
        ("MIG-1", 0, 71 * 1024),
        ("MIG-2", 0, 18 * 1024),
        ("MIG-GPU-b/7/0", 1, 18 * 1024),
    ]
    assert [s.uuid for s in found if s.slice_of is None] == ["GPU-a", "GPU-b"]
    assert [s.cuts for s in found] == [None, 1, 1, None, 1]


def test_of_two_slices_with_the_same_memory_the_one_that_computes_more_is_known():
    text = "GPU 0: H200 (UUID: GPU-a)\n  MIG 2c.3g.71gb  Device  1: (UUID: MIG-2)\n"
    assert [s.cuts for s in parse_list(text)] == [None, 2]
