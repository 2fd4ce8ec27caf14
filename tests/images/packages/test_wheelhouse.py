"""The wheelhouse takes the build asked for and no other, and says how to supply one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from package_index import make_torch_wheel, sha256
from package_site import Site

from images.engine.platforms import this_machine
from images.errors import StaleError, WheelhouseError
from images.packages import committed_locks, make_lock, wheelhouse
from images.packages.targets import variant_target


def fill(site: Site, tmp_path: Path, variant: str = "cpu", machine: str | None = None) -> Path:
    chosen = site.catalog.variant(variant)
    return site.wheelhouse(tmp_path).fill(chosen, machine or this_machine())


def lock_it(site: Site) -> Path:
    """Commit the lock of the CPU build, from the indexes as they are now."""
    target = variant_target(site.catalog, site.catalog.variant("cpu"), this_machine())
    lock = make_lock.make(target, site.resolver())
    committed_locks.save(lock, target, site.checkout)
    return site.checkout / target.path


def test_a_build_gets_what_its_lock_names(site: Site, tmp_path: Path) -> None:
    make_torch_wheel(site.pytorch, "2.13.0+cpu")
    site.publish()
    lock_it(site)
    folder = fill(site, tmp_path)
    assert sorted(path.name.split("-")[0] for path in folder.glob("*.whl")) == [
        "alpha",
        "beta",
        "gamma",
        "torch",
    ]
    assert (folder / wheelhouse.LOCK).read_text() == lock_it(site).read_text()


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_build_for_another_machine_gets_its_torch(site: Site, tmp_path: Path) -> None:
    """What is fetched for one machine is kept apart from what is fetched for the other."""
    wheel = make_torch_wheel(site.links, "2.13.0+cpu")
    content = wheel.read_bytes()
    wheel.unlink()
    name = "torch-2.13.0+cpu-cp311-cp311-manylinux2014_{}.whl"
    for machine in ("x86_64", "aarch64"):
        (site.links / name.format(machine)).write_bytes(content)
    for machine in ("aarch64", "x86_64", "aarch64"):
        folder = fill(site, tmp_path, machine=machine)
        assert [path.name for path in folder.glob("torch*")] == [name.format(machine)]
    assert sorted(path.name for path in (tmp_path / "pool").iterdir()) == [
        "cpu-2.13.0-cpu.aarch64",
        "cpu-2.13.0-cpu.x86_64",
    ]


def test_a_file_that_is_not_the_locked_one_is_refused(site: Site, tmp_path: Path) -> None:
    make_torch_wheel(site.pytorch, "2.13.0+cpu")
    site.publish()
    lock = lock_it(site)
    good = sha256(site.index / "beta-2.5-py3-none-any.whl")
    lock.write_text(lock.read_text().replace(good, "0" * 64))
    with pytest.raises(WheelhouseError, match="DO NOT MATCH THE HASHES") as failure:
        fill(site, tmp_path)
    assert "beta==2.5 from " in str(failure.value)
    assert good in str(failure.value)
    assert not (tmp_path / "wheelhouse").exists()


def test_a_stale_lock_builds_nothing(site: Site, tmp_path: Path) -> None:
    make_torch_wheel(site.pytorch, "2.13.0+cpu")
    site.publish()
    lock_it(site)
    site.catalog = replace(site.catalog, packages={"alpha": "1.1"})
    with pytest.raises(StaleError, match="run `make lock` and commit the result"):
        fill(site, tmp_path)


@pytest.mark.usefixtures("no_pytorch_index")
def test_an_open_lock_takes_the_wheel_of_a_folder(site: Site, tmp_path: Path) -> None:
    wheel = make_torch_wheel(site.links, "2.13.0+rocm7.2", hip="7.2.1")
    folder = fill(site, tmp_path, "rocm")
    assert (folder / wheel.name).exists()
    assert f"--hash=sha256:{sha256(wheel)}" in (folder / wheelhouse.LOCK).read_text()
    assert not list(site.checkout.rglob("*.lock")), "a folder's hash is committed nowhere"


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_lock_that_a_folder_completed_is_for_the_universal_image(
    site: Site, tmp_path: Path
) -> None:
    make_torch_wheel(site.links, "2.13.0+cpu")
    lock = lock_it(site)
    filled = fill(site, tmp_path)
    stale = tmp_path / "wheelhouse" / "locks" / "gone.lock"
    stale.parent.mkdir()
    stale.touch()
    folder = site.wheelhouse(tmp_path).gather_locks(this_machine())
    assert folder == stale.parent
    assert [path.name for path in folder.iterdir()] == [lock.name]
    assert (folder / lock.name).read_text() == (filled / wheelhouse.LOCK).read_text()


@pytest.mark.usefixtures("no_pytorch_index")
def test_the_universal_image_is_told_which_torch_has_no_hash(site: Site, tmp_path: Path) -> None:
    """The CPU's is fetched only where its lock has none: here a folder has it."""
    make_torch_wheel(site.links, "2.13.0+cpu")
    lock_it(site)
    rocm = variant_target(site.catalog, site.catalog.variant("rocm"), "x86_64")
    rocm_lock = make_lock.make(rocm, site.resolver("x86_64"))
    committed_locks.save(rocm_lock, rocm, site.checkout)
    wheels = site.wheelhouse(tmp_path)
    folder = wheels.prepare_locks(site.catalog.variant("cpu"), "x86_64")
    assert [path.name for path in folder.iterdir()] == ["cpu-2.13.0-cpu.x86_64.lock"]
    assert "without a published hash, from a folder of this machine: torch 2.13.0+cpu" in (
        site.said()
    )
    assert (
        "without a hash in its locks, so never installed by it: torch 2.13.0+rocm7.2, "
        "triton-rocm 3.7.1" in site.said()
    )


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_wheel_of_another_build_than_its_name_is_refused(site: Site, tmp_path: Path) -> None:
    make_torch_wheel(site.links, "2.13.0+rocm7.2", cuda="13.0")
    with pytest.raises(WheelhouseError, match="another build than its name says"):
        fill(site, tmp_path, "rocm")


def test_the_default_index_serves_cuda_but_never_another_build(site: Site, tmp_path: Path) -> None:
    """Untagged 2.13.0 is the default index's cu130; a CPU wheel in a folder must not be taken."""
    make_torch_wheel(site.index, "2.13.0", cuda="13.0")
    make_torch_wheel(site.links, "2.13.0+cpu")
    site.publish()
    folder = fill(site, tmp_path, "cuda")
    assert [path.name for path in folder.glob("torch*")] == ["torch-2.13.0-py3-none-any.whl"]


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_build_that_cannot_be_had_names_the_remedy(site: Site, tmp_path: Path) -> None:
    with pytest.raises(WheelhouseError) as failure:
        fill(site, tmp_path, "rocm")
    assert "the torch build 2.13.0+rocm7.2 for " in str(failure.value)
    assert "PIP_FIND_LINKS=/that/folder make images VARIANT=rocm" in str(failure.value)


def test_a_pool_is_complete_only_with_every_file_at_its_size(tmp_path: Path) -> None:
    wheel = make_torch_wheel(tmp_path, "1.0")
    wheelhouse._finish(tmp_path, "key")
    assert wheelhouse._is_complete(tmp_path, "key")
    assert not wheelhouse._is_complete(tmp_path, "other")
    wheel.write_bytes(wheel.read_bytes()[:-1])
    assert not wheelhouse._is_complete(tmp_path, "key")
    (tmp_path / wheelhouse.COMPLETE).write_text(json.dumps([]))
    assert not wheelhouse._is_complete(tmp_path, "key")


def test_linking_replaces_what_another_build_left(tmp_path: Path) -> None:
    pool, folder = tmp_path / "pool", tmp_path / "folder"
    make_torch_wheel(folder, "2.12.0")
    make_torch_wheel(pool, "2.13.0")
    wheelhouse._link(pool, folder)
    assert [path.name for path in folder.iterdir()] == ["torch-2.13.0-py3-none-any.whl"]


def test_the_other_images_have_no_torch(site: Site, tmp_path: Path) -> None:
    folder = site.wheelhouse(tmp_path).fill(site.catalog.sandbox, this_machine())
    assert [path.name for path in folder.glob("*.whl")] == ["beta-2.5-py3-none-any.whl"]
    assert "1 packages, 0 MB, for sandbox." in site.said()


def test_what_is_complete_is_not_fetched_again(site: Site, tmp_path: Path) -> None:
    wheels = site.wheelhouse(tmp_path)
    first = wheels.fill(site.catalog.sandbox, this_machine())
    said = site.said()
    site.environ["PIP_INDEX_URL"] = "http://127.0.0.1:9"  # nobody listens on the discard port
    assert wheels.fill(site.catalog.sandbox, this_machine()) == first
    assert site.said() == said
