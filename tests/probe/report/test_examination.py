"""A finding becomes something to do: by the place, the card, and the steps of a distribution."""

import pytest
from cards import machine_with, nvidia

from probe.decide.choose import choose
from probe.facts import Facts, Host
from probe.findings.nvidia import DriverNotLoaded
from probe.frozen_record import replace
from probe.machine.host_software import HostSoftware
from probe.report.examination import NO_SETTING, Examination, Improvement
from probe.tables.builds import Table

AROUND = HostSoftware(docker=True, podman=False, nvidia_toolkit=True, cdi=False)
WHY = DriverNotLoaded()


def examination(facts: Facts, table: Table) -> Examination:
    return Examination(
        facts=facts,
        table=table,
        choice=choose(facts, table),
        around=AROUND,
        setting=NO_SETTING,
    )


@pytest.mark.parametrize("container", [False, True])
def test_the_remedy_is_that_of_the_place(table: Table, container: bool) -> None:
    facts = Facts(host=Host(arch="x86_64", os="linux", container=container))
    case = examination(facts, table)
    assert case.inside == container
    assert case.improvement(WHY) == Improvement(
        what=str(WHY),
        steps=WHY.remedy("container" if container else "host"),
    )
    assert WHY.remedy("container") != WHY.remedy("host")


def test_a_card_is_named_and_the_distributions_steps_go_before_the_remedy(table: Table) -> None:
    gpu = replace(nvidia("8.9", "580.95.05"), name="RTX 4090")
    improvement = examination(machine_with(gpu), table).improvement(
        WHY, gpu=gpu, steps=("sudo apt-get install it",)
    )
    assert improvement.what == f"RTX 4090: {WHY}"
    assert improvement.steps == ("sudo apt-get install it",)
