"""Faults: what makes one, and which requests it takes."""

import pytest

from sandbox.control.faults import Fault, Faults, fault_from
from sandbox.errors import RefusedError
from sandbox.params import Params


def test_every_field_is_read():
    fields = {
        "path": "/api/*",
        "method": "put",
        "times": None,
        "skip": 2,
        "delay": 0.5,
        "after": True,
        "hang": True,
        "drop": True,
        "status": 429,
        "headers": {"X-RateLimit-Reset": 5},
        "body": {"error": ["x", 1, None]},
        "answer": "empty",
        "spoil": "truncated",
        "trickle": "header",
        "pace": 0.5,
        "damage": "lose_text",
    }
    fault = fault_from(Params(values=fields))
    assert fault.as_json() == fields | {"headers": {"X-RateLimit-Reset": "5"}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("method", 5),
        ("times", "2"),
        ("times", True),
        ("skip", None),
        ("delay", "soon"),
        ("hang", "true"),
        ("status", "500"),
        ("headers", []),
        ("answer", "nonsense"),
        ("spoil", "milk"),
        ("trickle", True),
        ("pace", "slow"),
        ("pace", True),
        ("damage", ["lose_text"]),
        ("colour", "red"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(field, value):
    with pytest.raises(RefusedError, match=field) as refusal:
        fault_from(Params(values={"path": "/", field: value}))
    assert refusal.value.status == 422


def test_a_fault_needs_a_path():
    with pytest.raises(RefusedError, match="no path"):
        fault_from(Params(values={"status": 500}))


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("PUT", "/a/1", True), ("GET", "/a/1", False), ("PUT", "/b", False)],
)
def test_method_and_path_say_which_requests_are_meant(method, path, expected):
    assert Fault(path="/a/*", method="put").matches(method, path) is expected


def test_it_takes_as_many_as_told_after_those_that_pass():
    faults = Faults()
    fault = faults.add(Fault(path="/a", skip=1, times=2))
    taken = [faults.take("GET", path) for path in ("/a", "/b", "/a", "/a", "/a")]
    assert taken == [None, None, fault, fault, None]
    assert faults.as_json() == []


def test_the_first_that_matches_is_taken():
    faults = Faults()
    first, second = faults.add(Fault(path="/a")), faults.add(Fault(path="*"))
    assert [faults.take("GET", "/a") for _ in range(3)] == [first, second, None]


def test_without_times_it_never_ends():
    faults = Faults()
    fault = faults.add(Fault(path="*", times=None))
    assert [faults.take("GET", "/") for _ in range(3)] == [fault] * 3
    faults.clear()
    assert faults.take("GET", "/") is None
