"""What a choice comes with: what would make it better, and what it leaves out."""

from cards import advice, amd, machine_with, nvidia

from probe.decide.choice import ImageBuild
from probe.decide.choose import choose
from probe.decide.overrides import read_overrides
from probe.facts import Facts, Gpu, Host
from probe.findings import advice as found
from probe.findings.nvidia import GpuLost
from probe.findings.nvidia_driver import SlowToAnswer
from probe.frozen_record import replace
from probe.tables.builds import Table

CUDA_IMAGE = ImageBuild(variant="cuda", torch="2.13.0", wheel="cu130")
CPU_IMAGE = ImageBuild(variant="cpu", torch="2.13.0", wheel="cpu")


def codes(facts: Facts, table: Table) -> list[str]:
    """What is advised there, by code and in order."""
    return [entry.finding.code for entry in choose(facts, table).advice]


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


def test_the_cpu_that_was_asked_for_leaves_a_gpu_unused(table: Table) -> None:
    choice = choose(
        machine_with(nvidia("8.9", "580.95.05")), table, read_overrides({}, backend="cpu")
    )
    assert advice(choice) == ("--backend cpu leaves card 8.9 unused",)


def test_the_other_makers_gpu_is_named_with_what_would_use_it(table: Table) -> None:
    choice = choose(machine_with(nvidia("8.9", "580.95.05"), amd("gfx1100")), table)
    assert advice(choice) == (
        "card gfx1100 is left unused beside NVIDIA's; --backend rocm would use it instead",
    )


def test_two_cards_that_need_different_overrides_are_not_used_together(table: Table) -> None:
    one, other = amd("gfx1100"), replace(amd("gfx1031", memory=8192, index=1), uuid="GPU-1")
    (told,) = [
        entry.finding
        for entry in choose(machine_with(one, other), table).advice
        if isinstance(entry.finding, found.NotBesideAnother)
    ]
    assert told == found.NotBesideAnother(card="card gfx1031 GPU-1", other="card gfx1100 0")


def test_an_override_that_is_needed_is_told_and_another_one_is_unwanted(table: Table) -> None:
    borrowed, own = machine_with(amd("gfx1031")), machine_with(amd("gfx1100"))
    used, unwanted = "hsa-override-used", "hsa-override-unwanted"
    assert codes(borrowed, table) == [used, "amd-untried"]
    assert codes(replace(borrowed, hsa_override="10.3.0"), table) == [used, "amd-untried"]
    assert codes(replace(borrowed, hsa_override="11.0.0"), table) == [used, unwanted, "amd-untried"]
    assert codes(own, table) == ["amd-untried"]
    assert codes(replace(own, hsa_override="11.0.0"), table) == [unwanted, "amd-untried"]


def test_further_slices_are_counted_and_not_named_one_by_one(table: Table) -> None:
    slices = [
        replace(nvidia("9.0", "580.95.05"), uuid=f"MIG-{n}", slice_of=0, cuts=1) for n in range(3)
    ]
    choice = choose(machine_with(*slices), table)
    assert advice(choice) == ("2 more MIG slices are left out: a process uses one, the largest",)


def test_slices_beside_a_whole_card_are_told_in_one_line(table: Table) -> None:
    whole = nvidia("8.0", "580.95.05", memory=81920)
    slices = [
        replace(nvidia("8.0", "580.95.05", memory=10240, index=1), slice_of=1, uuid=f"MIG-{n}")
        for n in range(3)
    ]
    choice = choose(machine_with(whole, *slices), table)
    assert advice(choice) == ("3 MIG slices are left out: a process uses whole GPUs, or one slice",)


def test_a_mac_is_told_that_containers_do_not_reach_its_gpu(table: Table) -> None:
    gpu = Gpu(vendor="apple", index=0, name="Apple GPU", state="accessible", integrated=True)
    facts = Facts(host=Host(arch="arm64", os="darwin"), gpus=(gpu,))
    assert codes(facts, table) == ["mac-outside-containers"]


def test_what_holds_of_two_cards_is_said_of_each_and_once(table: Table) -> None:
    lost = replace(nvidia("8.9", "580.95.05"), state="dead", why=GpuLost())
    choice = choose(machine_with(lost, lost, replace(lost, name="other")), table)
    assert [(entry.gpu, entry.finding) for entry in choice.advice] == [
        ("card 8.9", GpuLost()),
        ("other", GpuLost()),
    ]


def test_a_note_on_the_driver_comes_after_what_is_in_the_way(table: Table) -> None:
    """A container's log gives the first line as the reason for the CPU."""
    note = SlowToAnswer(seconds=21.0)
    good = replace(machine_with(nvidia("8.6", "580.95.05")), notes=(note,))
    assert codes(good, table) == [note.code]
    old = replace(machine_with(nvidia("8.6", "470.82.01")), notes=(note,))
    assert codes(old, table) == ["newer-driver-needed", note.code]
