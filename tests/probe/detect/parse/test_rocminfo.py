"""rocminfo's agents."""

import pytest

from probe.detect.parse.rocminfo import parse_rocminfo, parse_view
from probe.facts import HsaView

TEXT = """\
*******
Agent 1
*******
  Name:                    AMD EPYC 9474F
  Device Type:             CPU
*******
Agent 2
*******
  Name:                    gfx90a
  Uuid:                    GPU-1f2e3d4c5b6a7988
  Marketing Name:          AMD Instinct MI210
  Device Type:             GPU
  Chip ID:                 29711(0x740f)
  BDFID:                   25344
  Pool Info:
    Pool 1
      Segment:                 GLOBAL; FLAGS: COARSE GRAINED
      Size:                    67092480(0x3ffc000) KB
  ISA Info:
    ISA 1
      Name:                    amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-
*******
Agent 3
*******
  Name:                    gfx1100
  Uuid:                    GPU-XX
  Device Type:             GPU
"""


def test_gpu_agents_in_order():
    first, second = parse_rocminfo(TEXT)
    assert (first.index, first.gfx, first.name) == (0, "gfx90a", "AMD Instinct MI210")
    assert (first.bus, first.device, first.vram_mib) == ("0000:63:00.0", 0x740F, 65520)
    assert first.uuid == "GPU-1f2e3d4c5b6a7988"
    assert (second.index, second.gfx, second.uuid) == (1, "gfx1100", None)


def test_no_agents():
    assert parse_rocminfo("ROCk module is NOT loaded, possibly no GPU devices\n") == ()


REFUSAL = "Unable to open /dev/kfd read-write: "


@pytest.mark.parametrize(
    ("text", "view"),
    [
        (
            f"ROCk module is loaded\n{REFUSAL}Invalid argument\nroot is member of render group\n",
            HsaView(refused=f"{REFUSAL}Invalid argument"),
        ),
        (
            f"ROCk module version 6.7.0 is loaded\n{REFUSAL}Permission denied\n"
            'x is not member of "render" group, the default DRM access group.\n',
            HsaView(refused=f"{REFUSAL}Permission denied"),
        ),
        (
            f"ROCk module is loaded\n{REFUSAL}Cannot allocate memory\n"
            "hsa api call failure at: /src/rocminfo/rocminfo.cc:1142\n"
            "Call returned HSA_STATUS_ERROR_OUT_OF_RESOURCES: The runtime failed to allocate.\n",
            HsaView(refused=f"{REFUSAL}Cannot allocate memory"),
        ),
        (
            "hsa api call failure at: /src/rocminfo.cc:1142\n"
            "Call returned HSA_STATUS_ERROR_OUT_OF_RESOURCES: The runtime failed to allocate.\n",
            HsaView(
                refused="Call returned HSA_STATUS_ERROR_OUT_OF_RESOURCES: The runtime failed to "
                "allocate."
            ),
        ),
        (
            "hsa api call failure at line 900, file: rocminfo.cc. Returned 4104\n",
            HsaView(refused="hsa api call failure at line 900, file: rocminfo.cc. Returned 4104"),
        ),
        (TEXT.partition("*******\nAgent 2")[0], HsaView(processors=("AMD EPYC 9474F",))),
        (TEXT, None),
        # amdgpu may be built into the kernel and work.
        ("ROCk module is NOT loaded, possibly no GPU devices\n", None),
        ("rocminfo: error while loading shared libraries: libhsa-runtime64.so.1\n", None),
        ("", None),
    ],
)
def test_how_it_says_that_there_is_no_gpu(text: str, view: HsaView | None) -> None:
    assert parse_view(text) == view
