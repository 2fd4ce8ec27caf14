"""Which images are ours, how old they are, and how they stand to the checkout."""

from datetime import UTC, datetime

import pytest
from fake_engine import FakeEngine, image_facts

from images.contents import inventory
from images.contents.inventory import LocalImage

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
LABELS = {
    inventory.VARIANT_LABEL: "cuda",
    inventory.TORCH_LABEL: "2.13.0",
    inventory.WHEEL_LABEL: "cu130",
    inventory.REVISION_LABEL: "abc",
}


def listed(**changes: object) -> LocalImage:
    image = image_facts("alternator:1-cuda", labels=LABELS, **changes)
    [found] = inventory.local_images(FakeEngine(images=[image, image_facts("other:1")]))
    return found


def test_ours_are_known_by_their_label() -> None:
    found = listed()
    assert (found.tag, found.variant, found.build) == ("alternator:1-cuda", "cuda", "2.13.0+cu130")
    assert found.platform == "linux/amd64"


def test_a_complete_image_and_a_missing_torch_are_told() -> None:
    complete = {**LABELS, inventory.FULL_LABEL: "1"}
    universal = {inventory.VARIANT_LABEL: "universal", inventory.TORCH_LABEL: ""}
    images = [image_facts("a:1", labels=complete), image_facts("b:1", labels=universal)]
    first, second = inventory.local_images(FakeEngine(images=images))
    assert first.variant == "cuda, complete"
    assert (second.build, second.revision) == ("at its first start", "unknown")


@pytest.mark.parametrize(
    ("created", "age"),
    [
        ("2026-11-23T19:59:30.123456789Z", "30 s"),
        ("2026-11-23T19:30:00Z", "30 min"),
        ("2026-11-23T17:00:00Z", "3 h"),
        ("2026-11-20T20:00:00Z", "3 d"),
        ("2026-11-24T20:00:00Z", "0 s"),  # a clock that was put back
    ],
)
def test_age(created: str, age: str) -> None:
    assert listed(created=created).age(NOW) == age


@pytest.mark.parametrize(
    ("here", "expected"),
    [("abc", "this commit"), ("abc-dirty", "edited since"), ("def", "another commit")],
)
def test_how_it_stands_to_the_checkout(here: str, expected: str) -> None:
    assert listed().matches(here) == expected


def test_the_table_whole() -> None:
    assert inventory.table([listed(size=3_200_000_000)], "abc", NOW) == [
        "IMAGE              VARIANT  TORCH         PLATFORM     SIZE     AGE  CHECKOUT",
        "alternator:1-cuda  cuda     2.13.0+cu130  linux/amd64  3.20 GB  1 d  this commit",
    ]
    assert inventory.table([], "abc", NOW) == [
        "There is no image of ours here; `make images` builds the one for this machine."
    ]
