"""What a question is about: the GPUs that may be used, and whose."""

import pytest
from cards import amd, machine_with, nvidia

from probe.decide.choice import Question
from probe.decide.overrides import Overrides, Wanted
from probe.facts import Facts, Host
from probe.findings.gpu import Hidden, NodeClosed
from probe.findings.nvidia import GpuLost
from probe.frozen_record import replace
from probe.tables.builds import Table

CARD = amd("gfx1100")
CLOSED = replace(CARD, state="present", why=NodeClosed(path="/dev/kfd", groups=(44,)))
HIDDEN = replace(CARD, state="present", why=Hidden(variable="HIP_VISIBLE_DEVICES", value="7"))


def test_a_proven_gpu_is_as_usable_as_one_that_was_not_tried(table: Table) -> None:
    proven, dead = replace(CARD, state="proven"), replace(CARD, state="dead", why=GpuLost())
    facts = machine_with(proven, CARD, dead, HIDDEN)
    assert Question(facts=facts, table=table).usable == (proven, CARD)


@pytest.mark.parametrize("container", [False, True])
def test_a_node_that_is_closed_to_this_user_is_no_obstacle_on_a_host(
    table: Table, container: bool
) -> None:
    facts = Facts(host=Host(arch="x86_64", os="linux", container=container), gpus=(CLOSED, HIDDEN))
    assert Question(facts=facts, table=table).usable == (() if container else (CLOSED,))


@pytest.mark.parametrize(
    ("wanted", "vendors"),
    [
        ("auto", ("nvidia", "amd", "apple")),
        ("gpu", ("nvidia", "amd")),
        ("cuda", ("nvidia",)),
        ("rocm", ("amd",)),
        ("mps", ("apple",)),
        ("cpu", ()),
    ],
)
def test_the_makers_in_the_order_in_which_they_are_tried(
    table: Table, wanted: Wanted, vendors: tuple[str, ...]
) -> None:
    facts = machine_with(nvidia("8.9", "580.95.05"), CARD)
    question = Question(facts=facts, table=table, wanted=Overrides(backend=wanted))
    assert question.vendors == vendors
