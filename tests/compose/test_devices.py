"""Which way a GPU goes into a container, from the engine's account of itself."""

from pathlib import Path

import pytest
from fake_engine import FakeEngine

from compose import devices
from compose.errors import DeviceError
from images.engine.answers import EngineFacts

CDI = ["/etc/cdi/nvidia.yaml"]


def facts(*runtimes: str, cdi_folders: tuple[str, ...] = ()) -> EngineFacts:
    return EngineFacts(
        machine="x86_64", runtimes=frozenset(runtimes), cdi_folders=cdi_folders, secure={}
    )


@pytest.mark.parametrize(
    ("runtimes", "hook", "specifications", "overlay"),
    [
        (("runc", "nvidia"), True, CDI, "cuda"),
        (("runc", "nvidia"), False, [], "cuda-runtime"),
        (("runc",), False, CDI, "cuda-cdi"),
    ],
)
def test_the_way_that_is_set_up_is_taken(
    runtimes: tuple[str, ...], hook: bool, specifications: list[str], overlay: str
) -> None:
    found = devices.nvidia_overlay(facts(*runtimes), hook=hook, specifications=specifications)
    assert found == overlay


@pytest.fixture
def specification(tmp_path: Path) -> Path:
    """A CDI folder with a description of NVIDIA's devices and of another's."""
    (tmp_path / "nvidia.yaml").write_text("kind: nvidia.com/gpu\n")
    (tmp_path / "other.json").write_text('{"kind": "example.com/fpga"}')
    return tmp_path


def on(engine_facts: EngineFacts) -> FakeEngine:
    return FakeEngine(facts=engine_facts, environ={"PATH": "/nonexistent"})


def test_an_engine_reads_the_specifications_in_its_own_folders(specification: Path) -> None:
    engine = on(facts("runc", cdi_folders=(str(specification),)))
    assert devices.overlay("cuda", engine) == "cuda-cdi"


@pytest.mark.parametrize("folders", [(), ("/nonexistent",)])
def test_no_way_names_the_command(folders: tuple[str, ...]) -> None:
    """An engine before 25 has no such folder, and can't read a specification."""
    with pytest.raises(DeviceError, match="nvidia-ctk runtime configure"):
        devices.overlay("cuda", on(facts("runc", cdi_folders=folders)))


@pytest.mark.parametrize("variant", ["cpu", "rocm"])
def test_other_variants_ask_nothing_of_the_engine(variant: str) -> None:
    assert devices.overlay(variant, on(facts())) == variant


def test_rocm_takes_the_group_numbers_from_the_probes_flags() -> None:
    flags = ["--device", "/dev/kfd", "--group-add", "109", "--group-add", "44"]
    assert devices.variables(flags) == {
        "ALTERNATOR_RENDER_GID": "109",
        "ALTERNATOR_VIDEO_GID": "44",
    }


def test_cuda_takes_the_group_that_the_host_keeps_its_devices_to() -> None:
    assert devices.variables(["--gpus", "all", "--group-add", "27"]) == {
        "ALTERNATOR_NVIDIA_GID": "27"
    }
    assert devices.variables(["--gpus", "all"]) == {}


def test_podman_hands_nvidias_gpus_over_its_own_way() -> None:
    facts = EngineFacts(machine="amd64", podman=True, runtimes=frozenset({"nvidia"}), secure={})
    engine = FakeEngine(facts=facts)
    with pytest.raises(DeviceError, match=r"alternator probe --snippet podman"):
        devices.overlay("cuda", engine)
    assert devices.overlay("rocm", engine) == "rocm"
