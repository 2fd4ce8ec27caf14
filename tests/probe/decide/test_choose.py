"""The choice, case by case: one for each trap of the table of builds."""

import pytest
from cards import advice, amd, machine_with, nvidia

from probe.decide.choice import ImageBuild
from probe.decide.choose import choose
from probe.decide.overrides import Overrides, read_overrides
from probe.errors import OverrideError, ProbeError
from probe.facts import Gpu
from probe.findings.nvidia import LibraryMismatch


@pytest.mark.parametrize(
    ("capability", "driver", "torch", "wheel"),
    [
        ("8.9", "580.95.05", "2.13.0", "cu130"),
        ("8.9", "610.57.04", "2.13.0", "cu130"),
        ("8.6", "570.124.04", "2.13.0", "cu126"),
        ("8.6", "525.60.13", "2.13.0", "cu126"),
        ("8.6", "525.60.12", "2.13.0", "cpu"),
        ("8.6", "515.105.01", "2.13.0", "cpu"),
        # Pascal and Volta: cu130 would load and then have no kernel.
        ("6.1", "580.95.05", "2.13.0", "cu126"),
        ("7.0", "595.58.03", "2.13.0", "cu126"),
        ("5.2", "580.95.05", "2.13.0", "cu126"),
        ("7.5", "580.65.06", "2.13.0", "cu130"),
        # Kepler: nothing in any line that is still made.
        ("3.0", "470.256.02", "2.13.0", "cpu"),
        ("3.7", "470.256.02", "2.13.0", "cpu"),
        # Blackwell with a driver that is too old for cu130.
        ("12.0", "570.124.06", "2.11.0", "cu128"),
        ("10.0", "575.51.03", "2.11.0", "cu128"),
        ("12.0", "580.95.05", "2.13.0", "cu130"),
        # A binary for X.Y runs on X.Z, Z >= Y.
        ("12.1", "580.95.05", "2.13.0", "cu130"),
        ("10.3", "580.95.05", "2.13.0", "cu130"),
    ],
)
def test_nvidia_on_x86(table, capability, driver, torch, wheel):
    selection = choose(machine_with(nvidia(capability, driver)), table).selection
    assert (selection.torch, selection.wheel) == (torch, wheel)
    assert selection.index_url.endswith(f"/whl/{wheel}")


@pytest.mark.parametrize(
    ("capability", "driver", "wheel"),
    [
        ("9.0", "550.127.05", "cu126"),  # GH200
        ("9.0", "580.95.05", "cu130"),
        ("12.1", "580.95.05", "cu130"),  # GB10: runs 12.0's code
        ("7.5", "580.95.05", "cpu"),  # T4 in an Arm server: no aarch64 build has 7.5
        ("10.0", "570.124.06", "cpu"),  # cu128 has no aarch64 code in the table
    ],
)
def test_nvidia_on_arm(table, capability, driver, wheel):
    facts = machine_with(nvidia(capability, driver, memory=None), arch="aarch64")
    assert choose(facts, table).selection.wheel == wheel


def test_wsl_has_windows_floors(table):
    assert choose(machine_with(nvidia("8.6", "528.32"), wsl=True), table).selection.wheel == "cpu"
    assert choose(machine_with(nvidia("8.6", "528.33"), wsl=True), table).selection.wheel == "cu126"


@pytest.mark.parametrize(("driver", "wheel"), [("540.5.0", "cpu"), ("580.00", "cu130")])
def test_jetson_needs_the_driver_of_jetpack_7(table, driver, wheel):
    facts = machine_with(nvidia("8.7", driver), arch="aarch64", tegra=True)
    assert choose(facts, table).selection.wheel == wheel


@pytest.mark.parametrize(
    ("gfx", "wheel", "env"),
    [
        ("gfx1100", "rocm7.2", {}),
        ("gfx1151", "rocm7.2", {}),
        ("gfx942", "rocm7.2", {}),
        ("gfx1201", "rocm7.2", {}),
        ("gfx1031", "rocm7.2", {"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}),
        ("gfx1032", "rocm7.2", {"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}),
        ("gfx1034", "rocm7.2", {"HSA_OVERRIDE_GFX_VERSION": "10.3.0"}),
        ("gfx1030", "rocm7.2", {}),
        # In the build's list, but rocBLAS has no kernels: the process would abort.
        ("gfx900", "cpu", {}),
        ("gfx906", "cpu", {}),
        ("gfx1103", "cpu", {}),
        # In no list.
        ("gfx803", "cpu", {}),
        ("gfx1010", "cpu", {}),
        ("gfx1033", "cpu", {}),
    ],
)
def test_amd(table, gfx, wheel, env):
    selection = choose(machine_with(amd(gfx)), table).selection
    assert (selection.torch, selection.wheel, selection.env) == ("2.13.0", wheel, env)


def test_rocm_is_for_x86_only(table):
    choice = choose(machine_with(amd("gfx1100"), arch="aarch64"), table)
    assert choice.selection.backend == "cpu"
    assert "no ROCm build of torch for aarch64" in advice(choice)[0]


def test_a_retired_build_is_taken_when_asked_for(table):
    facts = machine_with(nvidia("3.7", "470.256.02"))
    selection = choose(facts, table, Overrides(torch="2.7")).selection
    assert (selection.torch, selection.wheel) == ("2.7.1", "cu118")


def test_amd_where_nothing_fits_nvidia(table):
    choice = choose(machine_with(nvidia("3.0", "470.256.02"), amd("gfx1100")), table)
    assert choice.selection.backend == "rocm"


def test_what_is_not_accessible_is_not_chosen(table):
    for state in ("present", "dead"):
        gpu = Gpu(
            vendor="nvidia",
            index=0,
            name="card",
            driver="580.95.05",
            compute_capability=(8, 9),
            state=state,
            why=LibraryMismatch(),
        )
        choice = choose(machine_with(gpu), table)
        assert choice.selection.backend == "cpu"
        assert advice(choice) == (
            "card: NVIDIA's driver and library have different versions; reboot: the driver was "
            "updated under a running kernel",
        )
        assert [entry.finding.code for entry in choice.advice] == ["nvidia-library-mismatch"]


def test_unknown_parts_are_not_guessed(table):
    gpu = Gpu(vendor="nvidia", index=0, name="RTX 4090", driver="580.95.05", state="accessible")
    choice = choose(machine_with(gpu), table)
    assert choice.selection.backend == "cpu"
    assert "RTX 4090: its compute capability is not known; alternator" in advice(choice)[0]


@pytest.mark.parametrize("driver", [None, "", "not a version", "N/A"])
def test_an_unknown_driver_fits_nothing(table, driver):
    gpu = nvidia("8.9", "580")
    gpu = Gpu(**{**vars(gpu), "driver": driver})
    assert choose(machine_with(gpu), table).selection.backend == "cpu"


BOTH = machine_with(nvidia("8.9", "580.95.05"), amd("gfx1100"))


@pytest.mark.parametrize(
    ("environ", "backend"),
    [
        ({"ALTERNATOR_WHISPER_BACKEND": "rocm"}, "rocm"),
        ({"ALTERNATOR_WHISPER_BACKEND": "cuda"}, "cuda"),
        ({"ALTERNATOR_WHISPER_BACKEND": "cpu"}, "cpu"),
        ({"ALTERNATOR_WHISPER_BACKEND": "auto"}, "cuda"),
        ({"ALTERNATOR_WHISPER_DEVICE": "ROCm "}, "rocm"),
        ({"ALTERNATOR_WHISPER_DEVICE": "cpu"}, "cpu"),
        ({"ALTERNATOR_WHISPER_BACKEND": "rocm", "ALTERNATOR_WHISPER_DEVICE": "cuda"}, "rocm"),
    ],
)
def test_overrides(table, environ, backend):
    assert choose(BOTH, table, read_overrides(environ)).selection.backend == backend


def test_device_cuda_is_pytorchs_name_for_amd_gpus_too(table):
    wanted = read_overrides({"ALTERNATOR_WHISPER_DEVICE": "cuda"})
    assert choose(machine_with(amd("gfx1100")), table, wanted).selection.backend == "rocm"


def test_a_flag_beats_the_environment(table):
    wanted = read_overrides({"ALTERNATOR_WHISPER_BACKEND": "cuda"}, backend="rocm")
    assert choose(BOTH, table, wanted).selection.backend == "rocm"


@pytest.mark.parametrize(
    ("facts", "overrides", "message"),
    [
        (
            machine_with(),
            read_overrides({}, backend="cuda"),
            "--backend cuda can't work here: no cuda GPU was found",
        ),
        (
            machine_with(nvidia("8.9", "580.95.05")),
            read_overrides({"ALTERNATOR_WHISPER_BACKEND": "rocm"}),
            "ALTERNATOR_WHISPER_BACKEND=rocm can't work here: no rocm GPU was found",
        ),
        (
            machine_with(nvidia("8.6", "515.105.01")),
            read_overrides({"ALTERNATOR_WHISPER_DEVICE": "cuda"}),
            "driver 515.105.01 is older than 525.60.13; update it to 580",
        ),
        (
            machine_with(amd("gfx906")),
            read_overrides({}, backend="rocm"),
            "rocBLAS has no kernels for gfx906",
        ),
        (
            machine_with(nvidia("12.0", "570.124.06")),
            Overrides(torch="2.13"),
            "--torch 2.13 can't work here: card 12.0: driver 570.124.06 is older than 580",
        ),
        (machine_with(), Overrides(torch="1.9"), "--torch 1.9: not in the table"),
    ],
)
def test_an_override_that_cannot_work_is_an_error(table, facts, overrides, message):
    with pytest.raises(OverrideError) as error:
        choose(facts, table, overrides)
    assert message in str(error.value)
    assert error.value.exit_code == 2


CUDA_IMAGE = ImageBuild(variant="cuda", torch="2.13.0", wheel="cu130")
CPU_IMAGE = ImageBuild(variant="cpu", torch="2.13.0", wheel="cpu")


def test_an_image_uses_its_own_build(table):
    choice = choose(machine_with(nvidia("8.9", "580.95.05")), table, image=CUDA_IMAGE)
    assert (choice.selection.backend, choice.selection.wheel) == ("cuda", "cu130")


def test_an_image_whose_build_does_not_fit_uses_the_cpu(table):
    choice = choose(machine_with(nvidia("6.1", "580.95.05")), table, image=CUDA_IMAGE)
    selection = choice.selection
    assert (selection.backend, selection.image, selection.wheel) == ("cpu", "cuda", "cu130")
    assert advice(choice)[0] == (
        "this image holds torch 2.13.0 cu130; for card 6.1 (compute capability 6.1) the cuda image "
        "with cu126 is the right one"
    )
    assert "this image's cu130 does not fit: no code for compute capability 6.1" in advice(choice)


def test_a_cpu_image_refuses_a_gpu_override(table):
    wanted = read_overrides({"ALTERNATOR_WHISPER_DEVICE": "cuda"})
    with pytest.raises(OverrideError, match=r"holds torch 2\.13\.0 cpu; use the cuda image"):
        choose(machine_with(nvidia("8.9", "580.95.05")), table, wanted, CPU_IMAGE)


def test_an_image_tries_what_it_can_not_tell(table):
    """Without nvidia-smi and with an unknown device id the proof has the last word."""
    gpu = Gpu(vendor="nvidia", index=0, name="new card", state="accessible")
    assert choose(machine_with(gpu), table, image=CUDA_IMAGE).selection.backend == "cuda"


def test_an_image_that_the_table_lacks(table):
    image = ImageBuild(variant="cuda", torch="2.13.0", wheel="cu999")
    with pytest.raises(ProbeError, match="cu999, which the table of builds lacks"):
        choose(machine_with(nvidia("8.9", "580.95.05")), table, image=image)
