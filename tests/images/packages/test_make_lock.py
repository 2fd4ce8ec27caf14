"""Locks hold an index's hashes of everything, and say what is open."""

from dataclasses import replace
from pathlib import Path

import pytest
from package_index import make_wheel, sha256
from package_site import Site

from images.engine.platforms import this_machine
from images.errors import WheelhouseError
from images.packages import committed_locks, make_lock
from images.packages.known_torch import KnownFile
from images.packages.make_lock import LockMaker, complete, summary
from images.packages.targets import Target, variant_target
from probe.universal.lock import Entry, Lock, read, render

MACHINE = this_machine()
TORCH = "2.13.0+cpu"
TORCH_FILES = {"torch/version.py": f"__version__ = '{TORCH}'\ncuda = None\nhip = None\n"}


def torch_wheel(folder: Path, *, note: str = "") -> Path:
    files = {**TORCH_FILES, "torch/note.txt": note}
    return make_wheel(folder, "torch", TORCH, requires=["delta"], files=files)


def cpu_target(site: Site) -> Target:
    return variant_target(site.catalog, site.catalog.variant("cpu"), MACHINE)


def make(site: Site) -> Lock:
    return make_lock.make(cpu_target(site), site.resolver())


def test_everything_is_locked_with_the_hash_of_its_index(site: Site) -> None:
    wheel = torch_wheel(site.pytorch)
    site.publish()
    lock = make(site)
    hashes = {entry.name: entry.hashes for entry in lock.packages}
    assert hashes == {
        "alpha": (sha256(site.index / "alpha-1.0-py3-none-any.whl"),),
        "beta": (sha256(site.index / "beta-2.5-py3-none-any.whl"),),
        "delta": (sha256(site.index / "delta-4.0-py3-none-any.whl"),),
        "torch": (sha256(wheel),),
    }
    assert [entry.name for entry in lock.source] == ["gamma"]  # without what it requires
    assert lock.open == ()
    assert {entry.size for entry in lock.packages if entry.name == "torch"} == {
        wheel.stat().st_size
    }


def test_a_lock_names_no_host_and_no_path_of_this_machine(site: Site) -> None:
    torch_wheel(site.pytorch)
    site.publish()
    text = render(make(site))
    assert "127.0.0.1" not in text
    assert str(site.checkout.parent) not in text


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_folders_torch_is_left_open_and_its_requirements_are_locked(site: Site) -> None:
    wheel = torch_wheel(site.links)
    lock = make(site)
    assert lock.open == (Entry(name="torch", version=TORCH, hashes=()),)
    assert "delta" in [entry.name for entry in lock.packages]
    text = render(lock)
    assert sha256(wheel) not in text
    assert f"# torch=={TORCH}" in text.splitlines()
    assert summary(lock).startswith("4 packages by hash; without one: torch 2.13.0+cpu")


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_torch_that_nobody_has_is_left_open_and_nothing_else(site: Site) -> None:
    """What it requires is known: of its version by the default index, of its build by a table."""
    lock = make(site)
    assert [entry.version for entry in lock.open] == [TORCH]
    assert sorted(entry.name for entry in lock.packages) == ["alpha", "beta", "epsilon"]
    assert all(entry.hashes for entry in lock.packages)
    rocm = variant_target(site.catalog, site.catalog.variant("rocm"), "x86_64")
    lock = make_lock.make(rocm, site.resolver("x86_64"))
    assert [f"{entry.name} {entry.version}" for entry in lock.open] == [
        "torch 2.13.0+rocm7.2",
        "triton-rocm 3.7.1",
    ]
    assert sorted(entry.name for entry in lock.packages) == ["alpha", "beta", "delta", "epsilon"]


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_torch_of_which_nothing_is_known_gets_no_lock(site: Site) -> None:
    site.known = replace(site.known, builds=())
    with pytest.raises(WheelhouseError, match=r"add the build to images/packages/known_torch"):
        make(site)


def told(site: Site, sha256: str) -> None:
    """Have a public place tell the hash of the index's torch."""
    [cpu, *others] = site.known.builds
    file = KnownFile(sha256=sha256, told_by=("https://example.org/hashes",))
    site.known = replace(site.known, builds=(replace(cpu, files={MACHINE: file}), *others))


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_hash_that_a_public_place_tells_closes_the_lock(site: Site) -> None:
    told(site, "a" * 64)
    lock = make(site)
    assert lock.open == ()
    assert {entry.name: entry.hashes for entry in lock.packages}["torch"] == ("a" * 64,)


@pytest.mark.parametrize("place", ["links", "pytorch"])
def test_a_file_that_is_not_the_one_told_is_never_locked(site: Site, place: str) -> None:
    """Neither a folder's nor the index's own: one of the two is wrong, and a person must look."""
    wheel = torch_wheel(site.links if place == "links" else site.pytorch)
    site.publish()
    told(site, "a" * 64)
    with pytest.raises(WheelhouseError, match=f"{sha256(wheel)}, and https://example.org/hashes"):
        make(site)
    told(site, sha256(wheel))
    assert make(site).open == ()


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_lock_for_another_machine_has_what_that_machine_needs(
    site: Site,
) -> None:
    other = "aarch64" if MACHINE == "x86_64" else "x86_64"
    condition = "; platform_machine == '{}'"
    needs = ["beta" + condition.format(MACHINE), "delta" + condition.format(other)]
    wheel = make_wheel(site.index, "epsilon", "5.0", requires=needs)
    for machine in (MACHINE, other):
        wheel.with_name(f"epsilon-5.0-py3-none-manylinux2014_{machine}.whl").write_bytes(
            wheel.read_bytes() + machine.encode()
        )
    wheel.unlink()
    site.publish()
    catalog = replace(site.catalog, packages={"epsilon": "5.0"})
    found = {}
    for machine in (MACHINE, other):
        target = variant_target(catalog, catalog.variant("cpu"), machine)
        lock = make_lock.make(target, site.resolver(machine))
        assert lock.platform.endswith(f" {machine}")
        found[machine] = {entry.name: entry.hashes for entry in lock.packages}
    name = "epsilon-5.0-py3-none-manylinux2014_{}.whl"
    assert found[MACHINE].keys() == {"epsilon", "beta"}
    assert found[other].keys() == {"epsilon", "delta"}
    for machine, hashes in found.items():
        assert hashes["epsilon"] == (sha256(site.index / name.format(machine)),)


def test_the_first_build_that_reaches_the_index_completes_the_lock(site: Site) -> None:
    target = cpu_target(site)
    entry = Entry(name="torch", version=TORCH, hashes=())
    waiting = Lock(
        build=target.name, platform=f"cp311 {MACHINE}", inputs=target.inputs, open=(entry,)
    )
    committed_locks.save(waiting, target, site.checkout)
    wheel = torch_wheel(site.pytorch)
    site.publish()
    completed = complete(target, waiting, site.resolver(), site.checkout)
    found = completed.lock
    assert completed.from_index
    assert read(site.checkout / target.path) == found
    assert f"--hash=sha256:{sha256(wheel)}" in (site.checkout / target.path).read_text()
    assert f"{target.path} is complete now, from the index" in site.said()


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_folders_torch_serves_a_build_and_is_committed_nowhere(site: Site) -> None:
    target = cpu_target(site)
    waiting = make(site)
    committed_locks.save(waiting, target, site.checkout)
    before = (site.checkout / target.path).read_text()
    wheel = torch_wheel(site.links)
    completed = complete(target, waiting, site.resolver(), site.checkout)
    found = completed.lock
    assert not completed.from_index
    assert {entry.name: entry.hashes for entry in found.packages}["torch"] == (sha256(wheel),)
    assert "delta" in [entry.name for entry in found.packages]
    assert (site.checkout / target.path).read_text() == before
    assert "comes from a folder of this machine" in site.said()
    assert [entry.name for entry in completed.unvouched] == ["torch"]


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_build_without_any_torch_names_the_remedy(site: Site) -> None:
    with pytest.raises(WheelhouseError, match=r"PIP_FIND_LINKS=/that/folder make images"):
        complete(cpu_target(site), None, site.resolver(), site.checkout)


def test_the_command_writes_each_lock_and_says_what_is_in_it(site: Site) -> None:
    maker = LockMaker(
        catalog=site.catalog,
        environ=site.environ,
        table=site.table,
        console=site.console,
        checkout=site.checkout,
    )
    for _ in range(2):
        maker.write([f"sandbox.{MACHINE}"])
    path = f"images/sandbox/sandbox.{MACHINE}.lock"
    lines = [line for line in site.said().splitlines() if not line.startswith(" ")]
    assert lines == [f"wrote {path}: 1 packages", f"unchanged {path}: 1 packages"]
    assert [entry.name for entry in read(site.checkout / path).packages] == ["beta"]
