"""Locks hold an index's hashes of everything, say what is open, and go stale with the catalog."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from package_index import make_wheel, sha256

from images.catalog import CHECKOUT, load_catalog
from images.console import StatusLine
from images.engine.platforms import this_machine
from images.errors import CatalogError, StaleError, WheelhouseError
from images.packages import lock as locks
from probe.universal.lock import Entry, Lock, parse, read, render

MACHINE = this_machine()
TORCH = "2.13.0+cpu"
TORCH_FILES = {"torch/version.py": f"__version__ = '{TORCH}'\ncuda = None\nhip = None\n"}


def torch_wheel(folder: Path, *, note: str = "") -> Path:
    files = {**TORCH_FILES, "torch/note.txt": note}
    return make_wheel(folder, "torch", TORCH, requires=["delta"], files=files)


def cpu_target(site) -> locks.Target:
    return locks.variant_target(site.catalog, site.catalog.variant("cpu"), MACHINE)


def make(site) -> Lock:
    return locks.make(cpu_target(site), StatusLine(enabled=True))


def test_everything_is_locked_with_the_hash_of_its_index(site) -> None:
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


def test_a_lock_names_no_host_and_no_path_of_this_machine(site) -> None:
    torch_wheel(site.pytorch)
    site.publish()
    text = render(make(site))
    assert "127.0.0.1" not in text
    assert str(site.checkout.parent) not in text


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_folders_torch_is_left_open_and_its_requirements_are_locked(site) -> None:
    wheel = torch_wheel(site.links)
    lock = make(site)
    assert lock.open == (Entry(name="torch", version=TORCH, hashes=()),)
    assert "delta" in [entry.name for entry in lock.packages]
    text = render(lock)
    assert sha256(wheel) not in text
    assert f"# torch=={TORCH}" in text.splitlines()
    assert locks.summary(lock).startswith("4 packages; open: torch 2.13.0+cpu")


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_torch_that_nobody_has_is_left_open(site) -> None:
    lock = make(site)
    assert [entry.version for entry in lock.open] == [TORCH]
    assert [entry.name for entry in lock.packages] == ["alpha", "beta"]


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_known_hash_is_not_lost_where_the_index_is_out_of_reach(site) -> None:
    target = cpu_target(site)
    open_lock = make(site)
    entry = Entry(name="torch", version=TORCH, hashes=("a" * 64,))
    full = replace(open_lock, packages=(*open_lock.packages, entry), open=())
    assert locks.save(full, target, site.checkout)
    assert not locks.save(open_lock, target, site.checkout)
    assert read(site.checkout / target.path).open == ()


def test_a_lock_for_another_python_stays(site) -> None:
    torch_wheel(site.pytorch)
    site.publish()
    target, lock = cpu_target(site), make(site)
    locks.save(replace(lock, platform=f"cp399 {MACHINE}"), target, site.checkout)
    assert locks.load(target, site.checkout) is None
    assert not locks.save(lock, target, site.checkout)
    assert read(site.checkout / target.path).platform == f"cp399 {MACHINE}"


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_lock_for_another_machine_has_the_files_and_requirements_of_that_machine(site) -> None:
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
        target = locks.variant_target(catalog, catalog.variant("cpu"), machine)
        lock = locks.make(target, StatusLine(enabled=True))
        assert lock.platform.endswith(f" {machine}")
        found[machine] = {entry.name: entry.hashes for entry in lock.packages}
    name = "epsilon-5.0-py3-none-manylinux2014_{}.whl"
    assert found[MACHINE].keys() == {"epsilon", "beta"}
    assert found[other].keys() == {"epsilon", "delta"}
    for machine, hashes in found.items():
        assert hashes["epsilon"] == (sha256(site.index / name.format(machine)),)


def test_a_lock_under_the_name_of_another_machine_is_stale(site) -> None:
    committed(site)
    target = cpu_target(site)
    path = site.checkout / target.path
    path.write_text(path.read_text().replace(f"cp311 {MACHINE}", "cp311 riscv64"))
    with pytest.raises(StaleError, match=f"{target.path}: it is for cp311 riscv64"):
        locks.check(site.catalog, site.checkout)


def test_the_first_build_that_reaches_the_index_completes_the_lock(site, capsys) -> None:
    target = cpu_target(site)
    entry = Entry(name="torch", version=TORCH, hashes=())
    waiting = Lock(
        build=target.name, platform=f"cp311 {MACHINE}", inputs=target.inputs, open=(entry,)
    )
    locks.save(waiting, target, site.checkout)
    wheel = torch_wheel(site.pytorch)
    site.publish()
    found, from_index = locks.complete(target, waiting, StatusLine(enabled=False), site.checkout)
    assert from_index
    assert read(site.checkout / target.path) == found
    assert f"--hash=sha256:{sha256(wheel)}" in (site.checkout / target.path).read_text()
    assert f"{target.path} is complete now, from the index" in capsys.readouterr().out


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_folders_torch_serves_a_build_and_is_committed_nowhere(site, capsys) -> None:
    target = cpu_target(site)
    waiting = make(site)
    locks.save(waiting, target, site.checkout)
    before = (site.checkout / target.path).read_text()
    wheel = torch_wheel(site.links)
    found, from_index = locks.complete(target, waiting, StatusLine(enabled=False), site.checkout)
    assert not from_index
    assert {entry.name: entry.hashes for entry in found.packages}["torch"] == (sha256(wheel),)
    assert "delta" in [entry.name for entry in found.packages]
    assert (site.checkout / target.path).read_text() == before
    assert "comes from a folder of this machine" in capsys.readouterr().out


@pytest.mark.usefixtures("no_pytorch_index")
def test_a_build_without_any_torch_names_the_remedy(site) -> None:
    with pytest.raises(WheelhouseError, match=r"PIP_FIND_LINKS=/that/folder make images"):
        locks.complete(cpu_target(site), None, StatusLine(enabled=True), site.checkout)


def committed(site) -> None:
    for target in locks.targets(site.catalog):
        names = [*target.packages.items(), *target.bare.items(), *target.tools.items()]
        entries = [Entry(name=n, version=v, hashes=("b" * 64,)) for n, v in names]
        if target.variant is not None:
            version = locks.resolve.torch_version(target.variant)
            entries.append(Entry(name="torch", version=version, hashes=("c" * 64,)))
        lock = Lock(
            build=target.name,
            platform=f"cp311 {target.machine}",
            inputs=target.inputs,
            packages=tuple(entries),
        )
        locks.save(lock, target, site.checkout)


def test_the_check_needs_no_index(site, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(site)
    monkeypatch.setattr(locks.pip, "run", None)
    locks.check(site.catalog, site.checkout)


def test_another_pin_makes_the_locks_stale(site) -> None:
    committed(site)
    changed = replace(site.catalog, packages={"alpha": "1.1"})
    with pytest.raises(StaleError) as failure:
        locks.check(changed, site.checkout)
    message = str(failure.value)
    assert "run `make lock` and commit the result" in message
    assert "images/cpu/cpu-2.13.0-cpu.aarch64.lock: the catalog pins alpha==1.1" in message
    assert "sandbox" not in message


def test_a_pin_of_one_build_holds_for_that_build_alone() -> None:
    catalog = replace(load_catalog(), pins={"2.13.0+cu130": {"alpha": "1.0"}})
    cuda = catalog.variant("cuda")
    assert {
        build.wheel: "alpha" in locks.variant_target(catalog, build, "x86_64").packages
        for build in cuda.locked_builds()
    } == {"cu130": True, "cu126": False, "cu128": False}


def test_a_missing_lock_is_named(site) -> None:
    committed(site)
    (site.checkout / "images/rocm/rocm-2.13.0-rocm7.2.x86_64.lock").unlink()
    with pytest.raises(StaleError, match=r"rocm-2\.13\.0-rocm7\.2\.x86_64\.lock: it is missing"):
        locks.check(site.catalog, site.checkout)


def test_unknown_names_list_the_locks() -> None:
    with pytest.raises(
        CatalogError, match=r"no lock 'metal'; choose from cpu-2\.13\.0-cpu\.x86_64"
    ):
        locks.select(load_catalog(), ["metal"])


def test_there_is_a_lock_for_each_machine_that_a_build_exists_for() -> None:
    labels = {target.label for target in locks.targets(load_catalog())}
    assert {"cpu-2.13.0-cpu.x86_64", "cpu-2.13.0-cpu.aarch64"} <= labels
    assert {"cuda-2.13.0-cu130.x86_64", "cuda-2.13.0-cu130.aarch64"} <= labels
    assert {"universal.aarch64", "sandbox.aarch64"} <= labels
    assert "rocm-2.13.0-rocm7.2.aarch64" not in labels
    assert [target.label for target in locks.select(load_catalog(), ["cpu"])] == [
        "cpu-2.13.0-cpu.x86_64",
        "cpu-2.13.0-cpu.aarch64",
    ]


def test_the_committed_locks_are_what_the_catalog_asks_for() -> None:
    locks.check(load_catalog())


@pytest.mark.parametrize("target", locks.targets(load_catalog()), ids=lambda target: target.label)
def test_committed_locks_tell_nothing_of_where_they_were_made(target: locks.Target) -> None:
    text = (CHECKOUT / target.path).read_text()
    assert render(parse(text)) == text
    assert not re.search(r"https?:|file:|@|/(opt|root|home|work|tmp)/", text)
    for line in text.splitlines():  # names, versions, hashes, and our own words
        assert re.match(r"# |    --hash=sha256:[0-9a-f]{64}|[\w.-]+={2,3}[\w.+]+ \\$|$", line), line
