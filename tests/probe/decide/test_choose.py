"""The choice, case by case: one for each trap of the table of builds."""

import pytest
from cards import advice, amd, machine_with, nvidia

from probe.decide.choice import ImageBuild
from probe.decide.choose import choose
from probe.decide.overrides import Overrides, read_overrides
from probe.errors import OverrideError, ProbeError
from probe.facts import Gpu
from probe.findings.builds import NoKernels
from probe.findings.nvidia import LibraryMismatch
from probe.frozen_record import replace
from probe.tables.builds import Table


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
        ("10.0", "570.124.06", "cu128"),  # GB200: cu126 lacks it, cu130 needs 580
        ("10.3", "570.124.06", "cu128"),  # GB300: runs 10.0's code
        ("12.1", "570.124.06", "cu128"),
        ("9.0", "570.124.06", "cu126"),  # a build of the catalog's line goes first
        ("11.0", "570.124.06", "cpu"),  # Thor: in cu130 alone
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


def test_an_older_line_whose_rocblas_still_has_kernels(table: Table) -> None:
    """gfx906 is in every build's list; rocBLAS has kernels for it up to ROCm 6.3."""
    choice = choose(machine_with(amd("gfx906")), table)
    assert (choice.selection.torch, choice.selection.wheel) == ("2.9.1", "rocm6.3")
    assert [(entry.wheel, entry.why) for entry in choice.rejected] == [
        (wheel, NoKernels(gfx="gfx906")) for wheel in ("rocm7.2", "rocm7.1", "rocm7.0", "rocm6.4")
    ]
    assert "torch 2.9 with rocm6.3, because no build of 2.13 runs on gfx906" in advice(choice)


@pytest.mark.parametrize("first", [True, False], ids=["first", "second"])
def test_a_card_of_the_catalogs_line_goes_before_one_of_an_older(table: Table, first: bool) -> None:
    """MI50 (32 GB) and RX 7900 XTX (24 GB): the older build would serve both, and serves none."""
    old = amd("gfx906", memory=32768, index=0 if first else 1)
    new = amd("gfx1100", memory=24560, index=1 if first else 0)
    choice = choose(machine_with(*sorted((old, new), key=lambda gpu: gpu.index)), table)
    assert (choice.selection.torch, choice.selection.wheel) == ("2.13.0", "rocm7.2")
    assert choice.selection.gpus == (new,)
    (left_out,) = (entry for entry in advice(choice) if "left out" in entry)
    assert left_out.endswith(
        f"it needs torch 2.9.1 rocm6.3, and gets that alone: HIP_VISIBLE_DEVICES={old.index}"
    )


def test_a_card_of_an_older_line_goes_before_what_is_of_no_use(table: Table) -> None:
    """MI50 beside the graphics of a processor, and beside a card that no model fits on."""
    old = amd("gfx906", memory=32768)
    for other in (amd("gfx1151", index=1, integrated=True), amd("gfx1034", memory=2048, index=1)):
        assert choose(machine_with(old, other), table).selection.wheel == "rocm6.3"


def test_both_cards_where_the_older_line_was_asked_for(table: Table) -> None:
    facts = machine_with(amd("gfx906", memory=32768), amd("gfx1030", index=1))
    selection = choose(facts, table, Overrides(torch="2.7")).selection
    assert (selection.wheel, len(selection.gpus)) == ("rocm6.3", 2)


def test_the_card_of_a_build_that_was_passed_over_is_named(table: Table) -> None:
    """Where the machine has cards of several kinds; cards of one kind need no name."""
    old, new = nvidia("3.7", "470.256.02"), nvidia("8.6", "470.256.02", index=1)
    choice = choose(machine_with(old, new), table)
    assert {entry.card for entry in choice.rejected} == {"card 3.7", "card 8.6"}
    twice = choose(machine_with(old, replace(old, index=1, uuid="GPU-b")), table)
    assert {entry.card for entry in twice.rejected} == {None}
    assert len(twice.rejected) == len(choose(machine_with(old), table).rejected)
    named_alike = choose(machine_with(replace(old, name="card"), replace(new, name="card")), table)
    assert {entry.card for entry in named_alike.rejected} == {"card 0", "card 1"}


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
            machine_with(amd("gfx900")),
            read_overrides({}, backend="rocm"),
            "rocBLAS has no kernels for gfx900",
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
