"""Several sources, one GPU."""

from probe.detect.merge import merge
from probe.facts import Sighting
from probe.frozen_record import replace


def test_sources_meet_by_address_and_the_first_is_trusted():
    (entry,) = merge(
        {
            "kfd": [Sighting(vendor="amd", bus="0000:03:00.0", index=0, gfx="gfx1031")],
            # What rocminfo says under HSA_OVERRIDE_GFX_VERSION.
            "rocminfo": [Sighting(vendor="amd", bus="0000:03:00.0", gfx="gfx1030", name="RX")],
        }
    )
    assert (entry.sighting.gfx, entry.sighting.name) == ("gfx1031", "RX")
    assert entry.sources == {"kfd", "rocminfo"}


def test_two_addresses_are_two_cards():
    found = merge(
        {
            "nvidia-smi": [Sighting(vendor="nvidia", bus="0000:01:00.0", uuid="GPU-0")],
            "pci": [Sighting(vendor="nvidia", bus="0000:02:00.0", uuid="GPU-0")],
        }
    )
    assert len(found) == 2


def test_without_an_address_uuid_and_then_number_decide():
    found = merge(
        {
            "kfd": [
                Sighting(vendor="amd", index=0, uuid="GPU-a"),
                Sighting(vendor="amd", index=1, uuid="GPU-b"),
            ],
            "rocminfo": [
                Sighting(vendor="amd", uuid="GPU-b", name="second"),
                Sighting(vendor="amd", index=0, name="first"),
            ],
        }
    )
    assert [entry.sighting.name for entry in found] == ["first", "second"]


def test_one_source_never_merges_with_itself():
    twice = [Sighting(vendor="amd", gfx="gfx942"), Sighting(vendor="amd", gfx="gfx942")]
    assert len(merge({"rocm-smi": twice})) == 2


def test_vendors_never_merge():
    found = merge(
        {"a": [Sighting(vendor="amd", index=0)], "b": [Sighting(vendor="nvidia", index=0)]}
    )
    assert len(found) == 2


def test_device_ids_tell_what_no_source_says():
    found = merge(
        {
            "pci": [
                Sighting(vendor="nvidia", bus="0000:01:00.0", device=0x2704),
                Sighting(vendor="amd", bus="0000:02:00.0", device=0x744C),
                Sighting(vendor="amd", bus="0000:03:00.0", device=0xFFFF, graphics_core="11.5.1"),
                Sighting(vendor="amd", bus="0000:04:00.0", device=0xFFFF),
            ]
        }
    )
    assert found[0].sighting.compute_capability == (8, 9)
    assert [entry.sighting.gfx for entry in found[1:]] == ["gfx1100", "gfx1151", None]


CARD = Sighting(vendor="nvidia", uuid="GPU-0", bus="0000:01:00.0", index=0)


def test_a_card_that_one_source_names_twice_is_one():
    for again in (CARD, replace(CARD, index=1), replace(CARD, bus=None)):
        (entry,) = merge({"nvidia-smi": [CARD, again], "libcuda": [replace(CARD, index=None)]})
        assert (entry.sighting.uuid, entry.sources) == ("GPU-0", {"nvidia-smi", "libcuda"})


def test_two_cards_with_one_uuid_are_two_and_go_by_number():
    """As clones of a virtual GPU have: CUDA uses none where a list names one twice."""
    second = replace(CARD, bus="0000:02:00.0", index=1)
    by_libcuda = [
        replace(card, index=None, vram_mib=size) for card, size in ((second, 2), (CARD, 1))
    ]
    found = merge({"nvidia-smi": [CARD, second], "libcuda": by_libcuda})
    assert [entry.sources for entry in found] == [{"nvidia-smi", "libcuda"}] * 2
    assert [entry.sighting.vram_mib for entry in found] == [1, 2], "the address tells them apart"
    assert [entry.sighting.uuid for entry in found] == [None, None]
    assert [entry.sighting.index for entry in found] == [0, 1]


def test_the_same_uuid_at_two_makers_is_no_trouble():
    found = merge({"a": [CARD], "b": [replace(CARD, vendor="amd")]})
    assert [entry.sighting.uuid for entry in found] == ["GPU-0", "GPU-0"]
