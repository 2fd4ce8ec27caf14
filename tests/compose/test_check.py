"""What is said where the container lacks what the host chose."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from compose.check import REPORT, NoReport, compare_with_host, container_report, handed_report
from probe.decide.choose import choose
from probe.facts import Facts, Host
from probe.report.host_report import SeenGpu, SeenReport
from probe.report.schema import report as report_of
from probe.tables.builds import load_table


def report(backend: str, *gpus: SeenGpu, advice: tuple[str, ...] = ()) -> SeenReport:
    return SeenReport(backend=backend, gpus=gpus, advice=advice)


def gpu(state: str, why: str | None = None) -> SeenGpu:
    return SeenGpu(vendor="nvidia", uuid="GPU-1", name="Some Card", state=state, why=why)


def test_nothing_is_lost_where_the_container_proved_the_same() -> None:
    assert compare_with_host(report("cuda", gpu("accessible")), report("cuda", gpu("proven"))) == []


def test_the_cpu_was_meant() -> None:
    assert compare_with_host(report("cpu"), NoReport()) == []


def test_an_invisible_card_and_the_containers_advice() -> None:
    inside = report("cpu", advice=("start it with --gpus all",))
    assert compare_with_host(report("cuda", gpu("accessible")), inside) == [
        "this machine was to use cuda, but the container uses cpu.",
        "  Some Card: not visible in the container",
        "  start it with --gpus all",
    ]


def test_a_card_whose_proof_failed() -> None:
    inside = report("cpu", gpu("dead", "the product differs"))
    assert "  Some Card: dead there (the product differs)" in compare_with_host(
        report("cuda", gpu("accessible")), inside
    )


def container(output: bytes, exit_code: int = 0) -> Any:
    """A container that has ``output`` where the entrypoint leaves its report."""

    def exec_run(command: list[str]) -> SimpleNamespace:
        assert command == ["cat", REPORT]
        return SimpleNamespace(exit_code=exit_code, output=output)

    return SimpleNamespace(exec_run=exec_run)


def test_the_containers_report_is_read() -> None:
    facts = Facts(host=Host(arch="x86_64", os="linux"))
    text = json.dumps(report_of(facts, choose(facts, load_table())))
    inside = container_report(container(text.encode()))
    assert isinstance(inside, SeenReport)
    assert inside.backend == "cpu"


@pytest.mark.parametrize(
    ("output", "exit_code"),
    [(b"cat: no such file", 1), (b"no JSON", 0), (b"[" * 100_000, 0), (b'{"schema": 1}', 0)],
)
def test_no_report_is_said(output: bytes, exit_code: int) -> None:
    inside = container_report(container(output, exit_code))
    assert compare_with_host(report("rocm", gpu("accessible")), inside) == [
        "the container left no report, so it is not known whether rocm works there"
    ]


def test_a_report_of_a_later_schema_is_named() -> None:
    inside = container_report(container(b'{"schema": 2}'))
    assert compare_with_host(report("cuda", gpu("accessible")), inside) == [
        (
            "the container left a report of schema 2; this version reads 1, so it is not known "
            "whether cuda works there: use the same version of alternator on the host and in the "
            "image"
        )
    ]


def test_what_the_container_does_not_need_is_not_handed_over() -> None:
    facts = Facts(host=Host(arch="x86_64", os="linux"))
    text = handed_report(report_of(facts, choose(facts, load_table())))
    assert "\n" not in text
    assert set(json.loads(text)) == {"schema", "host", "gpus", "selection"}
