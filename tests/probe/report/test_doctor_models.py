"""Which Whisper models the memory allows: of a GPU, of a machine, of a container."""

import pytest
from cards import machine_with, nvidia

from probe.decide.choose import choose
from probe.facts import Facts
from probe.frozen_record import replace
from probe.machine.host_software import HostSoftware
from probe.report.doctor_models import memory_improvements, model_improvements
from probe.report.examination import Examination, Improvement, Setting
from probe.tables.builds import Table


def case(
    facts: Facts,
    table: Table,
    model: str | None,
    *,
    memory_mib: int | None = None,
    limit_mib: int | None = None,
) -> Examination:
    """A machine with Docker and this much memory."""
    around = HostSoftware(
        docker=True,
        podman=False,
        nvidia_toolkit=True,
        cdi=False,
        memory_mib=memory_mib,
        limit_mib=limit_mib,
    )
    choice = choose(facts, table)
    return Examination(
        facts=facts, table=table, choice=choice, around=around, setting=Setting(model=model)
    )


@pytest.mark.parametrize(
    ("total", "free", "model", "what", "do"),
    [
        (24564, 8000, None, "card has 7.8 GiB free: Whisper models up to turbo fit", None),
        (24564, 8000, "small.en", "card has 7.8 GiB free: Whisper models up to turbo fit", None),
        (
            24564,
            8000,
            "large",
            "the model large needs about 9.3 GiB, card has 7.8 GiB free",
            "ALTERNATOR_WHISPER_MODEL=turbo",
        ),
        (
            2048,
            None,
            "turbo",
            "the model turbo needs about 5.6 GiB, card has 2.0 GiB",
            "ALTERNATOR_WHISPER_MODEL=small",
        ),
        (
            24564,
            500,
            None,
            "card has 0.5 GiB free: no Whisper model fits",
            "nvidia-smi   # shows which processes hold the memory",
        ),
        (
            24564,
            8000,
            "/models/own.pt",
            "card has 7.8 GiB free: Whisper models up to turbo fit",
            None,
        ),
        (None, None, "large", None, None),
    ],
)
def test_the_model_that_fits(
    table: Table,
    total: int | None,
    free: int | None,
    model: str | None,
    what: str | None,
    do: str | None,
) -> None:
    gpu = replace(nvidia("8.6", "580.95.05"), name="card", memory_mib=total, memory_free_mib=free)
    told = [(i.what, i.steps) for i in model_improvements(case(machine_with(gpu), table, model))]
    assert told == ([] if what is None else [(what, (do,) if do else ())])


def test_without_a_gpu_there_is_nothing_to_say_of_its_memory(table: Table) -> None:
    assert list(model_improvements(case(machine_with(), table, "large"))) == []


def on_cpu(
    table: Table, model: str | None, memory_mib: int | None, limit_mib: int | None
) -> list[Improvement]:
    """What is told on a machine without a GPU."""
    examined = case(machine_with(), table, model, memory_mib=memory_mib, limit_mib=limit_mib)
    return list(memory_improvements(examined))


def test_a_model_that_does_not_fit_the_machine(table: Table) -> None:
    (told,) = on_cpu(table, "large-v3", 7939, 3072)
    assert told.what.startswith("the model large-v3 takes up to ")
    assert told.what.endswith(" GiB on a CPU, this machine has 7.8 GiB")
    assert told.steps[0].startswith('model = "turbo"')


def test_a_model_that_fits_the_machine_and_not_its_container(table: Table) -> None:
    (told,) = on_cpu(table, "large-v3", 32000, 3072)
    assert told.what.endswith("this container may take 3.0 GiB")
    assert told.steps[0].startswith("ALTERNATOR_MEMORY_LIMIT=")


@pytest.mark.parametrize(
    ("model", "memory_mib", "limit_mib"),
    [
        ("large-v3", 32000, None),
        ("large-v3", 32000, 32000),
        ("large-v3", None, None),
        ("/models/own.pt", 1024, 1024),
        (None, 7939, 3072),  # the default one
    ],
)
def test_what_fits_or_is_not_known_is_not_told(
    table: Table, model: str | None, memory_mib: int | None, limit_mib: int | None
) -> None:
    assert on_cpu(table, model, memory_mib, limit_mib) == []
