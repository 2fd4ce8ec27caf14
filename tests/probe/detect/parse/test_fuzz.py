"""The whole room: no text, however broken, makes a parser raise; it returns fewer facts."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probe import numbers
from probe.detect.parse import (
    amd_smi,
    kfd,
    libcuda,
    nvidia_proc,
    nvidia_smi,
    pci,
    rocm_smi,
    rocminfo,
)

CSV = (
    "index, uuid, name, driver_version, memory.total [MiB], compute_cap\n"
    "0, GPU-a, NVIDIA X, 580.95.05, 24564, 8.9\n"
)
LISTING = "GPU 0: NVIDIA H100 (UUID: GPU-a)\n  MIG 3g.40gb     Device  0: (UUID: MIG-a)\n"
SMI = '{"card0": {"Device ID": "0x744c", "GFX Version": "gfx1100", "Unique ID": "0x1"}}'
AMD = (
    '[{"gpu": 0, "asic": {"device_id": "0x744c", "target_graphics_version": "gfx1100"}, '
    '"vram": {"size": {"value": 24560, "unit": "MB"}}}]'
)
CUDA = '{"status": 0, "devices": [{"uuid": "1-2", "capability": "8.9", "total": 25757220864}]}'
INFO = (
    "Agent 2\n  Name:                    gfx90a\n  Device Type:             GPU\n  BDFID:  25344\n"
)
NODE = "simd_count 416\ngfx_target_version 90010\nlocation_id 25344\ndomain 0\nunique_id 18\n"
UEVENT = "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:744C\nPCI_SLOT_NAME=0000:03:00.0\n"
VERSION = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  375.74  Wed Jun 14\n"

TEXT_PARSERS = {
    "query": nvidia_smi.parse_query,
    "list": nvidia_smi.parse_list,
    "version": nvidia_proc.parse_driver_version,
    "information": nvidia_proc.parse_information,
    "rocm-smi": rocm_smi.parse_rocm_smi,
    "rocminfo": rocminfo.parse_rocminfo,
    "amd-smi": amd_smi.parse_amd_smi,
    "libcuda": libcuda.parse_libcuda,
    "kfd": lambda text: kfd.parse_topology({1: kfd.KfdNode(properties=text, banks=(text,))}),
    "pci": lambda text: pci.parse_pci_device(dict.fromkeys(pci.FILES, text), text),
    "int": numbers.parse_int,
    "mib": numbers.parse_mib,
    "capability": numbers.parse_capability,
    "bus": numbers.normal_bus,
    "gfx": numbers.normal_gfx,
}


@st.composite
def broken(draw) -> str:
    """A good text, cut, spliced with noise and repeated; or noise alone."""
    noise = draw(
        st.one_of(st.text(max_size=40), st.binary(max_size=40).map(lambda b: b.decode("latin-1")))
    )
    good = draw(st.sampled_from([CSV, LISTING, SMI, AMD, CUDA, INFO, NODE, UEVENT, VERSION, ""]))
    cut = draw(st.integers(0, len(good)))
    end = draw(st.integers(cut, len(good)))
    return good[:cut] + noise + good[end:]


@pytest.mark.parametrize("name", TEXT_PARSERS)
@given(text=broken())
@settings(max_examples=150, deadline=None)
@example(text="9" * 10_000)
@example(text="0x" + "f" * 10_000)
@example(text="²³, ٣, ４, GPU-a, 5, 6, 7, 8, 9")
@example(text='{"card0":' * 5000)
@example(text='{"card٣": {"Unique ID": "' + "1" * 5000 + '"}}')
def test_never_raises(name, text):
    TEXT_PARSERS[name](text)


@pytest.mark.parametrize("name", TEXT_PARSERS)
def test_ten_megabytes(name):
    TEXT_PARSERS[name]("0, GPU-a, {card: MIG \0\n" * 450_000)


@given(
    values=st.dictionaries(
        st.sampled_from(
            ["simd_count", "gfx_target_version", "location_id", "domain", "unique_id", "vendor_id"]
        ),
        st.integers(-(2**70), 2**70),
    )
)
@settings(deadline=None)
def test_kfd_numbers_of_any_size(values):
    text = "\n".join(f"{key} {value}" for key, value in values.items())
    for sighting in kfd.parse_topology({0: kfd.KfdNode(properties=text)}):
        assert sighting.gfx is None or numbers.normal_gfx(sighting.gfx) == sighting.gfx
        assert sighting.bus is None or numbers.normal_bus(sighting.bus) == sighting.bus
