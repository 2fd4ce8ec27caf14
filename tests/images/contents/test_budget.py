"""What an image may weigh, by the catalog and by what was recorded."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from fake_engine import FakeEngine, image_facts
from sample_weights import weights

from images.catalog import Budget, load_catalog, with_build
from images.contents import budget


def recorded_cpu(folder: Path, size: int) -> Path:
    """A checkout in which the CPU image was recorded with this size in bytes."""
    file = budget.recorded_file("cpu", folder)
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"bytes": size, "packages": {}}))
    return folder


def test_gpu_support_may_add_no_more_than_its_part(tmp_path: Path) -> None:
    catalog = load_catalog()
    whole = catalog.budgets["cuda"]
    assert whole.most is not None
    assert whole.more_than_cpu is not None
    cuda = catalog.variant("cuda")
    small = budget.allowed(catalog, cuda, tmp_path, recorded_cpu(tmp_path / "small", 10**8))
    assert small.most == 10**8 + whole.more_than_cpu
    large = budget.allowed(catalog, cuda, tmp_path, recorded_cpu(tmp_path / "large", 2 * 10**9))
    assert large.most == whole.most


def test_a_build_for_older_cards_is_not_refused_for_its_size(tmp_path: Path) -> None:
    catalog = load_catalog()
    older = with_build(catalog.variant("cuda"), wheel="cu126")
    assert budget.allowed(catalog, older, tmp_path) == Budget()


def test_without_a_figure_the_wheel_says_how_much(tmp_path: Path) -> None:
    catalog = load_catalog()
    rocm, cpu = catalog.variant("rocm"), catalog.budgets["cpu"].most
    assert cpu is not None
    assert budget.allowed(catalog, rocm, tmp_path) == Budget()
    with zipfile.ZipFile(tmp_path / "torch-2.13.0+rocm7.2.whl", "w") as wheel:
        wheel.writestr("torch/lib/libtorch_hip.so", b"\0" * 5_000_000)
    assert budget.allowed(catalog, rocm, tmp_path).most == cpu + 5_000_000


def test_the_universal_images_figure_is_the_catalogs(tmp_path: Path) -> None:
    catalog = load_catalog()
    allowed = budget.allowed(catalog, catalog.universal, tmp_path)
    assert allowed == catalog.budgets["universal"]


def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "images" / "cpu").mkdir(parents=True)
    budget.record(weights(), "cpu", tmp_path)
    recorded = budget.read_recorded("cpu", tmp_path)
    assert recorded["bytes"] == weights().size
    assert recorded["packages"]["packages/torch"] == 350_090_000


@pytest.mark.parametrize("most", [None, 1_000_000])
def test_an_image_within_its_budget_is_not_looked_into(most: int | None) -> None:
    engine = FakeEngine(images=[image_facts("alternator:1-cpu", size=1_000_000)])
    budget.check_size(engine, "alternator:1-cpu", "cpu", Budget(most=most))


def test_what_another_base_weighs_more_comes_on_top() -> None:
    catalog = load_catalog()
    mine = Budget(most=100, more_than_cpu=7)
    assert budget.over_base(mine, catalog, catalog.budget_base - 5) == mine
    assert budget.over_base(mine, catalog, catalog.budget_base + 5) == replace(mine, most=105)
    assert budget.over_base(Budget(), catalog, catalog.budget_base + 5) == Budget()
