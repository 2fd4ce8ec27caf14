"""KFD's topology."""

import pytest

from probe.detect.parse.kfd import KfdNode, gfx_of_target_version, parse_topology


@pytest.mark.parametrize(
    ("version", "gfx"),
    [
        (90010, "gfx90a"),
        (90402, "gfx942"),
        (90008, "gfx908"),
        (90012, "gfx90c"),
        (100301, "gfx1031"),
        (110000, "gfx1100"),
        (110501, "gfx1151"),
        (120001, "gfx1201"),
        (0, None),
        (None, None),
        (10**9, None),
        (-1, None),
    ],
)
def test_target_versions(version, gfx):
    assert gfx_of_target_version(version) == gfx


def test_nodes_by_number_without_the_cpus():
    gpu = "simd_count 416\ngfx_target_version 90010\nvendor_id 4098\nlocation_id 25344\n"
    nodes = {
        10: KfdNode(properties=gpu + "drm_render_minor 129\n"),
        0: KfdNode(properties="simd_count 0\ngfx_target_version 0\n"),
        2: KfdNode(
            properties=gpu + "drm_render_minor 128\nunique_id 18\n",
            banks=("heap_type 1\nsize_in_bytes 68719476736\n", "heap_type 0\nsize_in_bytes 5\n"),
        ),
    }
    first, second = parse_topology(nodes)
    assert (first.index, first.render_minor, first.uuid) == (0, 128, "GPU-0000000000000012")
    assert (first.gfx, first.bus, first.vram_mib) == ("gfx90a", "0000:63:00.0", 65536)
    assert (second.index, second.render_minor, second.vram_mib) == (1, 129, None)


def test_an_old_kernel_without_a_target_version():
    node = KfdNode(properties="simd_count 256\ndevice_id 26720\nlocal_mem_size 17163091968\n")
    (gpu,) = parse_topology({1: node})
    assert (gpu.gfx, gpu.device, gpu.vram_mib) == (None, 0x6860, 16368)


def test_of_a_processors_graphics_the_memory_is_not_told():
    """Newer kernels give there what GTT may hold, and DRM gives that as GTT: twice is too much."""
    bank = ("heap_type 1\nsize_in_bytes 65220000000\n",)
    properties = "simd_count 80\nvendor_id 4098\nlocation_id 50688\ngfx_target_version "
    nodes = {
        1: KfdNode(properties=properties + "110501\n", banks=bank),
        2: KfdNode(properties=properties + "110000\n", banks=bank),
    }
    shared, own = parse_topology(nodes)
    assert (shared.vram_mib, own.vram_mib) == (None, 62198)
