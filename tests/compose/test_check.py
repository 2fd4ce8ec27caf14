"""What is said where the container lacks what the host chose."""

import json
from typing import Any

from compose.check import compare_with_host, host_hint


def report(backend: str, *gpus: dict[str, Any], advice: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "schema": 1,
        "host": {"arch": "x86_64"},
        "gpus": list(gpus),
        "selection": {"backend": backend},
        "trace": ["long"],
        "advice": list(advice),
    }


def gpu(state: str, why: str | None = None) -> dict[str, Any]:
    return {"uuid": "GPU-1", "name": "Some Card", "state": state, "why": why}


def test_nothing_is_lost_where_the_container_proved_the_same() -> None:
    assert compare_with_host(report("cuda", gpu("accessible")), report("cuda", gpu("proven"))) == []


def test_the_cpu_was_meant() -> None:
    assert compare_with_host(report("cpu"), None) == []


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
        report("cuda", gpu("x")), inside
    )


def test_no_report_is_said() -> None:
    assert "left no report" in compare_with_host(report("rocm", gpu("accessible")), None)[0]


def test_the_hint_leaves_out_what_the_container_does_not_need() -> None:
    text = host_hint(report("cuda", gpu("accessible")))
    assert "\n" not in text
    assert set(json.loads(text)) == {"schema", "host", "gpus", "selection"}
