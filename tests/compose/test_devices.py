"""Which way a GPU goes into a container, from the engine's account of itself."""

import os
from pathlib import Path

import pytest
import yaml
from fake_engine import FakeEngine

from compose import devices, stack
from compose.errors import DeviceError
from compose.stack import Bot, Project
from images.engine.answers import EngineFacts
from images.engine.engine import Engine
from images.errors import EngineError
from probe.machine.cdi import CdiDevice
from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.report.schema import Report
from probe.tables.builds import load_table

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


def report_on(machine: str) -> Report:
    """The choice for a machine of tests/machines."""
    return replay(read_recording(MACHINES / f"{machine}.json"), load_table())


FIRST, SECOND = (f"GPU-0000000{n}-0000-4000-8000-000000000000" for n in (1, 2))
SLICE = "MIG-00000011-0000-4000-8000-000000000000"
TWO_3090 = "cuda-visible-devices-1-two-3090"
BOTH = tuple(CdiDevice(kind="nvidia.com/gpu", name=name) for name in ("0", "1", FIRST, SECOND))


def reserved(**request: object) -> dict[str, object]:
    return {"resources": {"reservations": {"devices": [{**request, "capabilities": ["gpu"]}]}}}


@pytest.mark.parametrize(
    ("machine", "overlay", "service"),
    [
        (TWO_3090, "cuda", {"deploy": reserved(driver="nvidia", device_ids=[SECOND])}),
        ("h100-mig", "cuda", {"deploy": reserved(driver="nvidia", device_ids=[SLICE])}),
        (
            TWO_3090,
            "cuda-cdi",
            {"deploy": reserved(driver="cdi", device_ids=[f"nvidia.com/gpu={SECOND}"])},
        ),
        (
            TWO_3090,
            "cuda-runtime",
            {
                "runtime": "nvidia",
                "environment": {
                    "NVIDIA_VISIBLE_DEVICES": SECOND,
                    "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
                },
            },
        ),
        (
            "rocr-visible-devices-1-two-xtx",
            "rocm",
            {
                "group_add": ["105", "992"],
                "devices": ["/dev/kfd:/dev/kfd", "/dev/dri/renderD129:/dev/dri/renderD129"],
            },
        ),
        # Nothing is left out: the file of compose/ serves.
        *(("rtx-4090-driver-580", way, None) for way in ("cuda", "cuda-cdi", "cuda-runtime")),
        ("nvidia-nodes-of-a-group", "cuda", None),
        ("jetson-thor-docker", "cuda-runtime", None),
        ("rx-7900-xtx", "rocm", None),
        ("nothing", "cpu", None),
    ],
)
def test_make_up_hides_what_is_hidden_here(machine: str, overlay: str, service: object) -> None:
    assert devices.service(overlay, report_on(machine), BOTH) == service


def test_a_specification_with_numbers_alone_is_asked_by_number() -> None:
    numbers = tuple(CdiDevice(kind="nvidia.com/gpu", name=name) for name in ("0", "1", "all"))
    service = devices.service("cuda-cdi", report_on(TWO_3090), numbers)
    assert service is not None
    assert service["deploy"] == reserved(driver="cdi", device_ids=["nvidia.com/gpu=1"])


def test_under_wsl_cudas_variable_hides_the_others() -> None:
    report = report_on("wsl2-rtx-4070-driver-581")
    report["selection"]["run_flags"] = ["--gpus", "all", "--env", f"CUDA_VISIBLE_DEVICES={SECOND}"]
    hiding = {"CUDA_VISIBLE_DEVICES": SECOND}
    assert devices.service("cuda", report) == {
        "environment": hiding,
        "deploy": reserved(driver="nvidia", count="all"),
    }
    assert devices.service("cuda-cdi", report) == {
        "environment": hiding,
        "deploy": reserved(driver="cdi", device_ids=["nvidia.com/gpu=all"]),
    }


def test_amds_nodes_without_a_group_need_no_number() -> None:
    report = report_on("rx-7900-xtx")
    report["selection"]["run_flags"] = ["--device", "/dev/kfd", "--device", "/dev/dri"]
    assert devices.service("rocm", report) == {
        "devices": ["/dev/kfd:/dev/kfd", "/dev/dri:/dev/dri"]
    }


def test_a_jetson_goes_by_the_runtime_even_with_the_hook(tmp_path: Path) -> None:
    (tmp_path / devices.HOOK).write_text("#!/bin/sh\n")
    (tmp_path / devices.HOOK).chmod(0o755)
    flags = report_on("jetson-thor-docker")["selection"]["run_flags"]
    engine = FakeEngine(facts=facts("runc", "nvidia"), environ={"PATH": str(tmp_path)})
    assert devices.overlay("cuda", engine, flags) == "cuda-runtime"
    assert devices.overlay("cuda", engine) == "cuda"
    without = FakeEngine(facts=facts("runc"), environ={"PATH": str(tmp_path)})
    with pytest.raises(DeviceError, match="nvidia-ctk runtime configure"):
        devices.overlay("cuda", without, flags)


@pytest.mark.parametrize(
    ("machine", "overlay"),
    [
        (TWO_3090, "cuda"),
        (TWO_3090, "cuda-cdi"),
        (TWO_3090, "cuda-runtime"),
        ("rocr-visible-devices-1-two-xtx", "rocm"),
    ],
)
def test_compose_takes_it_in_the_files_place(machine: str, overlay: str) -> None:
    engine = Engine(os.environ)
    try:
        _ = engine.compose_command
    except EngineError as error:
        pytest.skip(str(error))
    service = devices.service(overlay, report_on(machine), BOTH)
    bot = Bot(device=overlay, image="image:1", service=service)
    project = Project(name="alternator-test", engine=engine)
    files = stack.demo_stack(bot, "sandbox:1", 3000)
    assert files.overlays == ("compose", "demo")
    text = project.compose(files, "config")
    read = yaml.safe_load(text)["services"]["bot"]
    assert FIRST not in text and "renderD128" not in text and "count: all" not in text
    assert SECOND in text or "/dev/dri/renderD129" in text
    assert read["read_only"] is True and read["image"] == "image:1"
    assert ("nvidia" in text) == (overlay != "rocm")
