"""rocminfo's agents."""

from probe.detect.parse.rocminfo import parse_rocminfo

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
