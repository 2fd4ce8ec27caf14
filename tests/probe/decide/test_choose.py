"""The choice, case by case: one for each trap of the table of builds."""

import pytest

from probe.decide.choice import ImageBuild
from probe.decide.choose import choose
from probe.decide.overrides import Overrides, read_overrides
from probe.errors import OverrideError, ProbeError
from probe.facts import Facts, Gpu, Host
from probe.findings.builds import NoneForPlatform
from probe.findings.gpu import Hidden
from probe.findings.nvidia import LibraryMismatch
from probe.findings.proof import ProofCrashed
from probe.frozen_record import replace


def nvidia(capability: str, driver: str, *, memory: int | None = 16384, index: int = 0) -> Gpu:
    major, minor = capability.split(".")
    return Gpu(
        vendor="nvidia",
        index=index,
        uuid=f"GPU-{capability}-{index}",
        name=f"card {capability}",
        memory_mib=memory,
        driver=driver,
        compute_capability=(int(major), int(minor)),
        state="accessible",
    )


def amd(gfx: str, *, memory: int = 16384, index: int = 0, integrated: bool = False) -> Gpu:
    return Gpu(
        vendor="amd",
        index=index,
        name=f"card {gfx}",
        memory_mib=memory,
        gfx=gfx,
        state="accessible",
        integrated=integrated,
    )


def advice(choice) -> tuple[str, ...]:
    """What a person on a host is told."""
    return tuple(entry.text("host") for entry in choice.advice)


def machine_with(*gpus: Gpu, arch: str = "x86_64", wsl: bool = False, tegra: bool = False) -> Facts:
    return Facts(host=Host(arch=arch, os="linux", wsl=wsl, tegra=tegra), gpus=gpus)


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


def test_an_old_driver_is_named_with_its_remedy(table):
    choice = choose(machine_with(nvidia("8.6", "515.105.01")), table)
    assert advice(choice)[0] == (
        "card 8.6: driver 515.105.01 is older than 525.60.13; update it to 580 or newer and cu130 "
        "fits (or --torch 2.7 for cu118, which gets no fixes: CUDA 11.8 ended with torch 2.7)"
    )
    assert {r.wheel for r in choice.rejected} >= {"cu130", "cu126", "cu118"}


def test_a_retired_build_is_taken_when_asked_for(table):
    facts = machine_with(nvidia("3.7", "470.256.02"))
    selection = choose(facts, table, Overrides(torch="2.7")).selection
    assert (selection.torch, selection.wheel) == ("2.7.1", "cu118")


def test_an_older_line_says_how_to_get_the_newer(table):
    choice = choose(machine_with(nvidia("12.0", "570.124.06")), table)
    assert advice(choice)[0] == (
        "torch 2.11 because no build of 2.13 fits driver 570.124.06; update it to 580 or newer and "
        "cu130 of 2.13 fits"
    )


def test_a_build_that_ends_is_announced(table):
    choice = choose(machine_with(nvidia("7.0", "580.95.05")), table)
    assert "card 7.0 (compute capability 7.0) has no build after torch 2.14" in advice(choice)


def test_a_disputed_driver_is_tried_with_advice(table):
    choice = choose(machine_with(nvidia("8.6", "535.161.07")), table)
    assert choice.selection.wheel == "cu126"
    assert any("update it to 550 or newer" in line for line in advice(choice))
    fine = choose(machine_with(nvidia("8.6", "550.54.14")), table)
    assert fine.advice == ()


def test_the_most_useful_card_decides_and_others_are_left_out(table):
    old, new = nvidia("6.1", "580.95.05", memory=8192), nvidia("8.9", "580.95.05", index=1)
    choice = choose(machine_with(old, new), table)
    assert choice.selection.wheel == "cu130"
    assert choice.selection.visible_devices == ("GPU-8.9-1",)
    assert advice(choice) == ("card 6.1 is left out by cu130: no code for compute capability 6.1",)


def test_cards_that_fit_one_build_are_used_together(table):
    cards = (nvidia("6.1", "550.54.14"), nvidia("8.6", "550.54.14", index=1))
    selection = choose(machine_with(*cards), table).selection
    # Both have code in cu126; the one with tensor cores comes first.
    assert (selection.wheel, selection.visible_devices) == ("cu126", ("GPU-8.6-1", "GPU-6.1-0"))


def test_a_card_too_small_for_the_model_does_not_decide(table):
    small = nvidia("8.6", "580.95.05", memory=2048)
    large = nvidia("6.1", "580.95.05", memory=24576, index=1)
    assert choose(machine_with(small, large), table).selection.wheel == "cu126"


def test_a_processor_graphics_unit_comes_after_a_card(table):
    apu = amd("gfx1151", memory=65536, integrated=True)
    card = amd("gfx1100", memory=24576, index=1)
    selection = choose(machine_with(apu, card), table).selection
    assert selection.visible_devices == ("1", "0")


def test_an_hsa_override_never_reaches_a_card_with_code_of_its_own(table):
    native = amd("gfx1100", memory=24576)
    overridden = amd("gfx1031", memory=12288, index=1)
    selection = choose(machine_with(native, overridden), table).selection
    assert (selection.visible_devices, selection.env) == (("0",), {})
    # The other way round gfx1100 would be harmed by it.
    selection = choose(machine_with(amd("gfx1100", memory=8192), amd("gfx1031", index=1)), table)
    assert selection.selection.visible_devices == ("1",)
    # gfx1030 is what the override makes of its neighbour.
    selection = choose(machine_with(amd("gfx1031"), amd("gfx1030", memory=8192, index=1)), table)
    assert selection.selection.visible_devices == ("0", "1")


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


def test_an_architecture_without_torch_is_told(table):
    choice = choose(machine_with(arch="riscv64"), table)
    assert advice(choice) == ("torch has no build for riscv64: use a machine of x86_64 or aarch64",)


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
    ("environ", "message"),
    [
        ({"ALTERNATOR_WHISPER_DEVICE": "gpu"}, "'gpu' is none of auto, cpu, cuda, rocm"),
        (
            {"ALTERNATOR_WHISPER_BACKEND": "cuda", "ALTERNATOR_WHISPER_DEVICE": "cpu"},
            "contradict each other",
        ),
    ],
)
def test_overrides_that_make_no_sense(environ, message):
    with pytest.raises(OverrideError, match=message):
        read_overrides(environ)


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


def test_a_gpu_image_without_a_gpu_says_how_to_start_it(table):
    choice = choose(machine_with(), table, image=CUDA_IMAGE)
    assert choice.selection.backend == "cpu"
    assert advice(choice) == (
        "no NVIDIA GPU is visible in this container; start it with --gpus all",
    )


def test_a_cpu_image_is_the_cpu_and_tells_of_a_gpu(table):
    choice = choose(machine_with(nvidia("8.9", "580.95.05")), table, image=CPU_IMAGE)
    assert choice.selection.backend == "cpu"
    assert "the cuda image with cu130 is the right one" in advice(choice)[0]
    assert choose(machine_with(), table, image=CPU_IMAGE).advice == ()


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


@pytest.mark.parametrize(
    ("variable", "visible"), [("HIP_VISIBLE_DEVICES", "2"), ("ROCR_VISIBLE_DEVICES", "1")]
)
def test_numbers_count_what_hip_would_see_without_its_own_variable(table, variable, visible):
    """The entrypoint sets HIP's list anew after a failed proof; what ROCR hides stays hidden."""
    first, second, third = (amd("gfx1100", index=n) for n in range(3))
    hidden = replace(first, state="present", why=Hidden(variable=variable, value="0"))
    failed = replace(second, state="dead", why=ProofCrashed(how="aborted"))
    selection = choose(machine_with(hidden, failed, third), table).selection
    assert selection.visible_devices == (visible,)


@pytest.mark.parametrize(
    ("capability", "sentence"),
    [
        ("7.5", "update it to 580 or newer and cu130 fits"),
        ("7.0", "update it to 580 (newer ones leave this card out) and cu126 fits"),
        ("5.2", "update it to 580 (newer ones leave this card out) and cu126 fits"),
    ],
)
def test_the_driver_to_update_to_still_serves_the_card(table, capability, sentence):
    choice = choose(machine_with(nvidia(capability, "515.105.01")), table)
    assert sentence in advice(choice)[0]


def test_an_unknown_driver_is_the_reason_and_not_the_card(table):
    (line,) = advice(choose(machine_with(nvidia("6.1", None)), table))
    assert "the driver's version is not known (525.60.13 is needed for cu126)" in line


@pytest.mark.parametrize("arch", ["riscv64", "ppc64le"])
def test_no_build_at_all_is_said_once(table, arch):
    choice = choose(machine_with(nvidia("7.0", "550.54.14"), arch=arch), table)
    assert {entry.why for entry in choice.rejected} == {NoneForPlatform(platform=arch)}
    assert advice(choice)[0] == f"torch has no build for {arch}: use a machine of x86_64 or aarch64"
