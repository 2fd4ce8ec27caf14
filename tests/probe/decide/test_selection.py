"""Which cards of a machine are used together, and how a container is given them."""

import pytest
from cards import advice, amd, machine_with, node, nvidia

from probe.decide.choice import Question
from probe.decide.choose import choose
from probe.decide.selection import select_cpu, select_gpu
from probe.facts import Facts, Gpu, Host, Node
from probe.findings.gpu import Hidden
from probe.findings.proof import ProofCrashed
from probe.frozen_record import replace
from probe.tables.builds import Build, Table


def build(table: Table, wheel: str) -> Build:
    """The entry of the catalog's line."""
    found = table.find(table.catalog, wheel)
    assert found is not None
    return found


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
    facts = machine_with(amd("gfx1100", memory=8192), amd("gfx1031", index=1))
    assert choose(facts, table).selection.visible_devices == ("1",)
    # gfx1030 is what the override makes of its neighbour.
    facts = machine_with(amd("gfx1031"), amd("gfx1030", memory=8192, index=1))
    assert choose(facts, table).selection.visible_devices == ("0", "1")


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


def test_one_slice_is_used_and_nothing_beside_it(table: Table) -> None:
    whole = nvidia("9.0", "580.95.05", index=1)
    large, small = (
        replace(nvidia("9.0", "580.95.05"), uuid=f"MIG-{cuts}", slice_of=0, cuts=cuts)
        for cuts in (3, 1)
    )
    facts = machine_with(small, large, whole)
    for primary in (large, whole):
        selection = select_gpu(build(table, "cu130"), primary, Question(facts=facts, table=table))
        assert selection.gpus == (primary,)
        assert selection.visible_devices == (primary.uuid,)
    assert choose(facts, table).selection.gpus == (large,), "of equal ones the larger part"


def test_a_macs_gpu_comes_with_the_cpus_image(table: Table) -> None:
    gpu = Gpu(vendor="apple", index=0, name="Apple GPU", state="accessible", integrated=True)
    facts = Facts(host=Host(arch="arm64", os="darwin"), gpus=(gpu,))
    selection = select_gpu(build(table, "cpu"), gpu, Question(facts=facts, table=table))
    assert (selection.backend, selection.device, selection.image) == ("mps", "mps", "cpu")
    assert (selection.gpus, selection.run_flags) == ((gpu,), ())


def test_the_cpu_by_a_build_that_came_for_a_gpu(table: Table) -> None:
    selection = select_cpu(build(table, "cu130"), "cuda")
    assert (selection.backend, selection.device) == ("cpu", "cpu")
    assert (selection.image, selection.wheel, selection.gpus) == ("cuda", "cu130", ())


KFD, RENDER = "/dev/kfd", "/dev/dri/renderD128"
ROCM = ("--device", "/dev/kfd", "--device", "/dev/dri")


@pytest.mark.parametrize(
    ("gpu", "nodes", "flags"),
    [
        (nvidia("8.9", "580.95.05"), [node("/dev/nvidia0")], ("--gpus", "all")),
        (
            nvidia("8.9", "580.95.05"),
            [
                node("/dev/nvidia0", group=44, open_to_all=False),
                node("/dev/nvidiactl", group=44, open_to_all=False),
                node("/dev/nvidia-uvm", open_to_all=False),
                node(KFD, group=993, open_to_all=False),
            ],
            ("--gpus", "all", "--group-add", "44"),
        ),
        (amd("gfx1100"), [node(KFD), node(RENDER)], ROCM),
        (
            amd("gfx1100"),
            [
                node(KFD, group=993, open_to_all=False),
                node(RENDER, group=44),
                node("/dev/dri/card0", group=7),
            ],
            (*ROCM, "--group-add", "44", "--group-add", "993"),
        ),
        # A node that only root may open needs root's group.
        (amd("gfx1100"), [node(KFD, open_to_all=False)], (*ROCM, "--group-add", "0")),
    ],
)
def test_a_container_gets_the_groups_of_the_nodes(
    table: Table, gpu: Gpu, nodes: list[Node], flags: tuple[str, ...]
) -> None:
    facts = replace(machine_with(gpu), nodes=tuple(nodes))
    assert choose(facts, table).selection.run_flags == flags
