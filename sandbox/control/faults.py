"""Faults on demand: errors, delays and broken connections for chosen requests."""

import fnmatch
import threading
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from starlette.requests import Request

from sandbox.errors import RefusedError
from sandbox.params import Params

# What an endpoint itself is told to answer; only the vision endpoint knows any.
Answer = Literal["empty", "content_filter"]


class FaultFields(TypedDict, total=False):
    """What a fault may have beside its path; ``Fault`` says what each field does."""

    method: str | None
    times: int | None
    skip: int
    delay: float
    after: bool
    hang: bool
    drop: bool
    status: int | None
    headers: dict[str, str]
    body: object  # whatever JSON can hold
    answer: Answer | None


class FaultJson(FaultFields):
    """A fault in ``GET /sandbox/faults``."""

    path: str


@dataclass(kw_only=True)
class Fault:
    """What goes wrong, for which requests and how often.

    Requests match by ``method`` (any when None) and ``path`` (a glob). The first ``skip`` of them
    pass, the next ``times`` fail (all when None). Then, in this order:
    ``delay`` seconds go by; with ``after`` the request is carried out and its answer lost;
    ``hang`` never answers; ``drop`` breaks the connection in the middle of an answer; ``status``
    answers with that code, ``headers`` and ``body`` (by default ``{"error": "…"}``). With none of
    these, the request is answered normally after its delay. ``answer`` is for the endpoint itself:
    the vision endpoint knows ``empty`` and ``content_filter``.
    """

    path: str
    method: str | None = None
    times: int | None = 1
    skip: int = 0
    delay: float = 0.0
    after: bool = False
    hang: bool = False
    drop: bool = False
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    answer: Answer | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether this fault is meant for such a request."""
        return (self.method is None or self.method.upper() == method) and fnmatch.fnmatchcase(
            path, self.path
        )

    def as_json(self) -> FaultJson:
        """The fault for ``GET /sandbox/faults``."""
        return {
            "path": self.path,
            "method": self.method,
            "times": self.times,
            "skip": self.skip,
            "delay": self.delay,
            "after": self.after,
            "hang": self.hang,
            "drop": self.drop,
            "status": self.status,
            "headers": self.headers,
            "body": self.body,
            "answer": self.answer,
        }


def fault_from(params: Params) -> Fault:
    """The fault that a request orders.

    Raises:
        RefusedError: 422, for a missing path, an unknown field or a value of another type.
    """
    path = params.get("path")
    if not isinstance(path, str):
        raise no_fault("it names no path")
    fields: FaultFields = {}
    for key in params:
        match key, params.get(key):
            case "path", _:
                pass
            case "times" | "skip" | "delay" | "status", bool() as value:
                raise no_fault(f"{key} can't be {value!r}")
            case "method", None | str() as method:
                fields["method"] = method
            case "times", None | int() as times:
                fields["times"] = times
            case "skip", int() as skip:
                fields["skip"] = skip
            case "delay", int() | float() as delay:
                fields["delay"] = delay
            case "after" | "hang" | "drop" as switch, bool() as on:
                fields[switch] = on
            case "status", None | int() as status:
                fields["status"] = status
            case "headers", dict() as headers:
                fields["headers"] = {str(name): str(value) for name, value in headers.items()}
            case "body", _:
                fields["body"] = params.json("body")
            case "answer", None | "empty" | "content_filter" as answer:
                fields["answer"] = answer
            case _, value:
                raise no_fault(f"{key} can't be {value!r}")
    return Fault(path=path, **fields)


def no_fault(reason: str) -> RefusedError:
    """422: what was sent is no fault."""
    return RefusedError(422, f"A fault can't be made of this: {reason}")


class Faults:
    """The faults in force, tried in the order in which they were added."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []
        self.lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Add a fault."""
        with self.lock:
            self.pending.append(fault)
        return fault

    def clear(self) -> None:
        """Nothing fails any more."""
        with self.lock:
            self.pending.clear()

    def as_json(self) -> list[FaultJson]:
        """The faults still in force."""
        with self.lock:
            return [fault.as_json() for fault in self.pending]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for a request, counted as used."""
        with self.lock:
            for fault in self.pending:
                if not fault.matches(method, path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.pending.remove(fault)
                return fault
        return None


def faults_of(request: Request) -> Faults:
    """The faults of the server that a request came to."""
    faults: Faults = request.app.state.faults
    return faults
