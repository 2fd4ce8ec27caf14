"""Installing one build: what is fetched, what is refused, and what an interruption leaves."""

from pathlib import Path

import pytest
from package_index import list_wheels, serve

from probe.facts import Facts, Gpu, Host
from probe.universal.errors import HashError, InstallError, SpaceError
from probe.universal.install import Job, search_path

NVIDIA = Gpu(
    vendor="nvidia",
    index=0,
    name="card",
    driver="580.95.05",
    compute_capability=(8, 9),
    state="accessible",
)


def machine(*gpus: Gpu) -> Facts:
    return Facts(host=Host(arch="x86_64", os="linux", container=True), gpus=gpus)


def test_a_wheel_that_is_not_the_locked_one_installs_nothing(image) -> None:
    wheel = next(image.wheelhouse.glob("torch-*cu130*.whl"))
    other = next(image.wheelhouse.glob("torch-*rocm*.whl"))
    wheel.write_bytes(other.read_bytes())
    with pytest.raises(HashError, match=r"torch==2\.13\.0\+cu130 is not the file that was locked"):
        image.provider().provide(machine(NVIDIA))
    assert image.builds() == []


def test_a_lock_that_lacks_what_its_torch_requires_installs_nothing(image) -> None:
    image.lock("cpu", "2.13.0", "cpu", requires=["openai-whisper>=2", "absent"])
    message = "asks for absent, which is not installed; torch asks for openai-whisper>=2, and 1 is"
    with pytest.raises(InstallError, match=message):
        image.provider().provide(machine())
    assert image.builds() == []


def test_a_truncated_wheel_is_named(image) -> None:
    wheel = next(image.wheelhouse.glob("torch-*cpu*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:100])
    with pytest.raises(HashError, match=wheel.name.replace("+", r"\+")):
        image.provider().provide(machine())
    assert image.builds() == []


def test_too_small_a_volume_is_told_before_anything_is_unpacked(
    image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(SpaceError, match=r"unpacking torch 2\.13\.0 cpu needs 1 MB"):
        image.provider().provide(machine())
    assert image.builds() == []


def test_from_an_index_and_again_after_an_interruption(
    image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was fetched before the interruption is not fetched again."""
    list_wheels(image.wheelhouse)
    with serve(image.wheelhouse) as address:
        image.environ["PIP_INDEX_URL"] = address
        image.environ["ALTERNATOR_WHEELHOUSE"] = "/nowhere"
        with monkeypatch.context() as interrupted:
            interrupted.setattr("probe.universal.install._import", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                image.provider().provide(machine())
        assert image.builds() == []
        assert any("fetching torch 2.13.0 cpu: 2 packages" in line for line in image.said)
    # The index is gone by now.
    image.said.clear()
    image.provider().provide(machine())
    assert any("fetching torch 2.13.0 cpu: 0 packages" in line for line in image.said)
    assert image.imported() == "cpu"
    assert image.builds() == ["2.13.0-cpu"]


def _interrupt(job: Job, site: Path, lock: int) -> None:
    raise KeyboardInterrupt


def test_a_build_goes_before_what_was_on_the_search_path() -> None:
    assert search_path(Path("/builds/x"), {}) == "/builds/x"
    assert search_path(Path("/builds/x"), {"PYTHONPATH": "/mine"}) == "/builds/x:/mine"
