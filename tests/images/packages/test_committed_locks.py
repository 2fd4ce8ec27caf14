"""Committed locks go stale with the catalog, keep what they know, and tell nothing of a machine."""

import re
from dataclasses import replace

import pytest
from package_site import Site

from images.catalog import CHECKOUT, load_catalog
from images.engine.platforms import this_machine
from images.errors import StaleError
from images.packages import committed_locks
from images.packages.resolve import torch_version
from images.packages.targets import Target, all_targets, variant_target
from probe.tables.builds import load_table
from probe.universal.lock import Entry, Lock, parse, read, render

MACHINE = this_machine()
TORCH = "2.13.0+cpu"


def cpu_target(site: Site) -> Target:
    return variant_target(site.catalog, site.catalog.variant("cpu"), MACHINE)


def lock_of(target: Target, **parts: tuple[Entry, ...]) -> Lock:
    return Lock(build=target.name, platform=target.platform, inputs=target.inputs, **parts)


def committed(site: Site) -> None:
    """Write a lock of every target, with hashes that nobody has."""
    for target in all_targets(site.catalog):
        names = [*target.packages.items(), *target.bare.items(), *target.tools.items()]
        entries = [Entry(name=n, version=v, hashes=("b" * 64,)) for n, v in names]
        if target.variant is not None:
            version = torch_version(load_table(), target.variant)
            entries.append(Entry(name="torch", version=version, hashes=("c" * 64,)))
        lock = lock_of(target, packages=tuple(entries))
        committed_locks.save(lock, target, site.checkout)


def test_a_known_hash_is_not_lost_where_the_index_is_out_of_reach(site: Site) -> None:
    target = cpu_target(site)
    waiting = lock_of(target, open=(Entry(name="torch", version=TORCH, hashes=()),))
    full = lock_of(target, packages=(Entry(name="torch", version=TORCH, hashes=("a" * 64,)),))
    assert committed_locks.save(full, target, site.checkout)
    assert not committed_locks.save(waiting, target, site.checkout)
    assert read(site.checkout / target.path).open == ()


def test_a_lock_for_another_python_stays(site: Site) -> None:
    target = cpu_target(site)
    names = [*target.packages.items(), *target.bare.items(), ("torch", TORCH)]
    packages = tuple(Entry(name=n, version=v, hashes=("b" * 64,)) for n, v in names)
    lock = lock_of(target, packages=packages)
    committed_locks.save(replace(lock, platform=f"cp399 {MACHINE}"), target, site.checkout)
    assert committed_locks.load(target, site.checkout) is None
    assert not committed_locks.save(lock, target, site.checkout)
    assert read(site.checkout / target.path).platform == f"cp399 {MACHINE}"


def test_a_lock_under_the_name_of_another_machine_is_stale(site: Site) -> None:
    committed(site)
    target = cpu_target(site)
    path = site.checkout / target.path
    path.write_text(path.read_text().replace(f"cp311 {MACHINE}", "cp311 riscv64"))
    with pytest.raises(StaleError, match=f"{target.path}: it is for cp311 riscv64"):
        committed_locks.check(site.catalog, site.checkout)


def test_a_lock_of_every_target_is_all_that_is_asked_for(site: Site) -> None:
    with pytest.raises(StaleError, match="it is missing"):
        committed_locks.check(site.catalog, site.checkout)
    committed(site)
    committed_locks.check(site.catalog, site.checkout)


def test_another_pin_makes_the_locks_stale(site: Site) -> None:
    committed(site)
    changed = replace(site.catalog, packages={"alpha": "1.1"})
    with pytest.raises(StaleError) as failure:
        committed_locks.check(changed, site.checkout)
    message = str(failure.value)
    assert "run `make lock` and commit the result" in message
    assert "images/cpu/cpu-2.13.0-cpu.aarch64.lock: the catalog pins alpha==1.1" in message
    assert "sandbox" not in message


def test_a_missing_lock_is_named(site: Site) -> None:
    committed(site)
    (site.checkout / "images/rocm/rocm-2.13.0-rocm7.2.x86_64.lock").unlink()
    with pytest.raises(StaleError, match=r"rocm-2\.13\.0-rocm7\.2\.x86_64\.lock: it is missing"):
        committed_locks.check(site.catalog, site.checkout)


def test_the_committed_locks_are_what_the_catalog_asks_for() -> None:
    committed_locks.check(load_catalog())


@pytest.mark.parametrize("target", all_targets(load_catalog()), ids=lambda target: target.label)
def test_committed_locks_tell_nothing_of_where_they_were_made(target: Target) -> None:
    text = (CHECKOUT / target.path).read_text()
    assert render(parse(text)) == text
    assert not re.search(r"https?:|file:|@|/(opt|root|home|work|tmp)/", text)
    for line in text.splitlines():  # names, versions, hashes, and our own words
        assert re.match(r"# |    --hash=sha256:[0-9a-f]{64}|[\w.-]+={2,3}[\w.+]+ \\$|$", line), line
