"""What a start of the universal image does with its volume, wheelhouse and network."""

from pathlib import Path

import pytest

from probe.decide.overrides import Overrides
from probe.errors import OverrideError
from probe.facts import Facts, Gpu, Host
from probe.universal.errors import FetchError
from probe.universal.lock import LockError

NVIDIA = Gpu(
    vendor="nvidia",
    index=0,
    uuid="GPU-1",
    name="card",
    driver="580.95.05",
    compute_capability=(8, 9),
    state="accessible",
)
AMD = Gpu(vendor="amd", index=0, name="card", gfx="gfx1100", state="accessible")


def machine(*gpus: Gpu) -> Facts:
    return Facts(host=Host(arch="x86_64", os="linux", container=True), gpus=gpus)


def test_the_first_start_installs_from_the_wheelhouse(image) -> None:
    build = image.provider().provide(machine())
    assert (build.variant, build.torch, build.wheel) == ("cpu", "2.13.0", "cpu")
    assert image.imported() == "cpu"
    assert any("installing torch 2.13.0 cpu: 2 packages" in line for line in image.said)
    bytecode = list(Path(image.environ["PYTHONPATH"]).rglob("*.pyc"))
    assert bytecode, "start-up's modules would be compiled at every start"


def test_the_second_start_installs_nothing(image, monkeypatch: pytest.MonkeyPatch) -> None:
    image.provider().provide(machine())
    image.said.clear()
    monkeypatch.setattr("probe.universal.provide.install", None)
    image.provider().provide(machine())
    assert image.said == []
    assert image.imported() == "cpu"


def test_moved_to_another_machine_it_chooses_again_and_keeps_what_it_has(image) -> None:
    image.provider().provide(machine())
    assert image.provider().provide(machine(NVIDIA)).wheel == "cu130"
    assert image.imported() == "cu130"
    assert image.provider().provide(machine(AMD)).wheel == "rocm7.2"
    assert image.imported() == "rocm7.2"
    assert image.builds() == ["2.13.0-cpu", "2.13.0-cu130", "2.13.0-rocm7.2"]


def test_a_dead_card_gives_way_to_the_other_vendors_build(image) -> None:
    provider = image.provider()
    assert provider.provide(machine(NVIDIA, AMD)).wheel == "cu130"
    dead = Gpu(vendor="nvidia", index=0, name="card", state="dead")
    assert provider.provide(machine(dead, AMD)).wheel == "rocm7.2"
    assert image.imported() == "rocm7.2"


def test_for_the_cpu_no_further_build_is_installed(image) -> None:
    """A GPU's torch computes on the CPU as well."""
    provider = image.provider()
    provider.provide(machine(NVIDIA))
    assert provider.provide(machine()).wheel == "cu130"
    assert image.builds() == ["2.13.0-cu130"]


def test_an_override_holds(image) -> None:
    wanted = Overrides(backend="cpu", source="ALTERNATOR_WHISPER_BACKEND=cpu")
    assert image.provider(wanted).provide(machine(NVIDIA)).wheel == "cpu"
    wanted = Overrides(backend="cuda", source="ALTERNATOR_WHISPER_BACKEND=cuda")
    with pytest.raises(OverrideError, match="ALTERNATOR_WHISPER_BACKEND=cuda can't work here"):
        image.provider(wanted).provide(machine())


def test_without_network_and_wheelhouse_both_are_named(image) -> None:
    image.environ["ALTERNATOR_WHEELHOUSE"] = "/nowhere"
    with pytest.raises(FetchError, match=r"can't be fetched .*network .* wheels at /nowhere"):
        image.provider().provide(machine())


def test_a_gpu_build_that_cannot_be_fetched_gives_way_to_what_is_here(image) -> None:
    for wheel in image.wheelhouse.glob("torch-*cu130*.whl"):
        wheel.unlink()
    assert image.provider().provide(machine(NVIDIA)).wheel == "cpu"
    assert any("torch 2.13.0 cu130 can't be fetched" in line for line in image.said)
    wanted = Overrides(backend="cuda", source="--backend cuda")
    with pytest.raises(FetchError):
        image.provider(wanted).provide(machine(NVIDIA))


def test_a_build_without_a_hash_is_not_installed(image) -> None:
    image.lock("cuda", "2.13.0", "cu130", leave_open=True)
    assert image.provider().provide(machine(NVIDIA)).wheel == "cpu"
    assert any("make lock VARIANT=cuda" in line for line in image.said)
    image.lock("cpu", "2.13.0", "cpu", leave_open=True)
    (image.root / "x").mkdir()
    with pytest.raises(LockError, match=r"no hash of torch 2\.13\.0 cpu"):
        image.provider().provide(machine())


def test_an_image_without_a_cpu_lock_is_refused(image) -> None:
    (image.locks / "cpu-2.13.0-cpu.lock").unlink()
    with pytest.raises(LockError, match="no lock of a CPU build"):
        image.provider()


def test_another_lock_is_another_directory(image) -> None:
    image.provider().provide(machine())
    wheel = next(image.wheelhouse.glob("openai_whisper*.whl"))
    wheel.unlink()
    image.environ.pop("PYTHONPATH", None)
    (image.root / "2.13.0-cpu-000000000000").mkdir()
    image.lock("cpu", "2.13.0", "cpu")  # its wheels carry other times, so other hashes
    image.provider().provide(machine())
    assert any("2.13.0-cpu-000000000000 is from an older image" in line for line in image.said)
