"""Why no build fits a GPU: told by platform, by card, by driver, in this order."""

import pytest
from cards import advice, amd, machine_with, nvidia

from probe.decide.advice_no_build import why_no_build
from probe.decide.choice import Question
from probe.decide.choose import choose
from probe.decide.overrides import Overrides
from probe.facts import Facts, Host
from probe.finding import Finding
from probe.findings import builds, no_build
from probe.frozen_record import replace
from probe.tables.builds import Table

NO_CAPABILITY = replace(nvidia("8.9", "580.95.05"), compute_capability=None)
NO_GFX = replace(amd("gfx1100"), gfx=None)


def test_an_old_driver_is_named_with_its_remedy(table):
    choice = choose(machine_with(nvidia("8.6", "515.105.01")), table)
    assert advice(choice)[0] == (
        "card 8.6: driver 515.105.01 is older than 525.60.13; update it to 580 or newer and cu130 "
        "fits (or --torch 2.7 for cu118, which gets no fixes: CUDA 11.8 ended with torch 2.7)"
    )
    assert {r.wheel for r in choice.rejected} >= {"cu130", "cu126", "cu118"}


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


def test_an_old_jetson_is_told_what_to_install(table: Table) -> None:
    facts = machine_with(nvidia("8.7", "540.5.0"), arch="aarch64", tegra=True)
    assert why_no_build(facts.gpus[0], Question(facts=facts, table=table)) == (
        no_build.JetsonDriverTooOld(driver="540.5.0", floor="580", mends=table.tegra_remedy)
    )


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (
            machine_with(amd("gfx1100"), arch="aarch64"),
            no_build.NoBuildForPlatform(runtime="ROCm", platform="aarch64"),
        ),
        (
            Facts(host=Host(arch="x86_64", os="freebsd"), gpus=(nvidia("8.9", "580.95.05"),)),
            no_build.NoBuildForPlatform(runtime="CUDA", platform="freebsd on x86_64"),
        ),
        (machine_with(NO_CAPABILITY), no_build.CardUnknown(what="compute capability")),
        (machine_with(NO_GFX), no_build.CardUnknown(what="gfx target")),
        (
            machine_with(amd("gfx900")),
            no_build.NoBuildFits(why=builds.NoKernels(gfx="gfx900")),
        ),
        (
            machine_with(nvidia("3.0", "470.256.02")),
            no_build.NoBuildFits(why=builds.NoCodeForCapability(capability="3.0")),
        ),
    ],
)
def test_what_is_in_the_way_first(table: Table, facts: Facts, why: Finding) -> None:
    assert why_no_build(facts.gpus[0], Question(facts=facts, table=table)) == why


def test_a_retired_build_that_fits_is_named(table: Table) -> None:
    facts = machine_with(nvidia("3.7", "470.256.02"))
    why = why_no_build(facts.gpus[0], Question(facts=facts, table=table))
    assert isinstance(why, no_build.OnlyRetiredFits)
    assert (why.retired.line, why.retired.wheel) == ("2.7", "cu118")


def test_only_the_line_that_was_asked_for_is_spoken_of(table: Table) -> None:
    """cu128 of 2.11 would fit; 2.13 was asked for."""
    facts = machine_with(nvidia("12.0", "570.124.06"))
    question = Question(facts=facts, table=table, wanted=Overrides(torch="2.13"))
    why = why_no_build(facts.gpus[0], question)
    assert isinstance(why, no_build.NewerDriverNeeded)
    assert (why.driver, why.floor, why.wheel) == ("570.124.06", "580", "cu130")
