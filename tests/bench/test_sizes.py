"""Images against their budgets."""

from fake_engine import FakeEngine, image_facts

from bench.sizes import budget_lines
from images.catalog import image_tag, load_catalog
from images.contents.budget import read_recorded


def test_what_is_here_is_held_against_its_budget() -> None:
    catalog = load_catalog()
    cpu, over = read_recorded("cpu")["bytes"], 1_000_000_000
    images = [
        image_facts(image_tag(catalog.variant("cpu")), size=500_000_000),
        image_facts(image_tag(catalog.variant("cuda")), size=cpu + over),
    ]
    heading, first, second = budget_lines(FakeEngine(images=images))
    assert heading.split() == ["image,", "MB", "size", "budget", "left", "over", "cpu", "budget"]
    assert first.split()[:2] == ["cpu", "500"]
    assert second.split()[-2:] == ["1000", "1160"]
