"""Faults on demand: errors, delays and broken connections for chosen requests."""

import fnmatch
import threading
from dataclasses import dataclass, field
from typing import Literal, TypedDict, cast, get_args

from starlette.requests import Request

from sandbox.control.spoiled import Spoil, Trickle
from sandbox.errors import RefusedError
from sandbox.params import Params

# What an endpoint itself is told to answer; only the vision endpoint knows any
# (``sandbox/vision/misbehaviour.py``).
Answer = Literal[
    "empty",
    "content_filter",
    "refusal",
    "prompt",
    "thoughts",
    "late_thoughts",
    "loop",
    "markdown",
    "cut",
    "bidi",
    "invisible",
    "dict",
    "redirect",
]
# What an edit does to the post beside what it should; only PUT /api/v1/statuses/:id knows any.
Damage = Literal[
    "lose_text",
    "change_text",
    "turn_public",
    "drop_attachment",
    "reorder_attachments",
    "drop_warning",
    "turn_sensitive",
    "turn_not_sensitive",
    "lose_language",
    "drop_poll",
    "publish_poll",
    "prolong_poll",
    "drop_reply",
    "lose_focus",
    "lose_descriptions",
]


WORDS = {"answer": Answer, "spoil": Spoil, "trickle": Trickle, "damage": Damage}


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
    spoil: Spoil | None
    trickle: Trickle | None
    pace: float
    damage: Damage | None


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
    these, the request is answered normally after its delay.

    ``spoil`` changes what is answered, by the endpoint or by ``status``: ``truncated`` (the first
    half), ``wrong_type`` (called a file of bytes); or puts something in its place, with 200 unless
    ``status`` says otherwise: ``html`` (a proxy's page), ``empty``, ``gzip_bomb`` (256 MiB of
    blanks in 256 KiB). ``trickle`` sends the answer byte by byte, each after ``pace`` seconds,
    from its ``header`` or from its ``body`` on. Neither is for streams without ``status``.

    ``answer`` and ``damage`` are for the endpoint itself: the vision endpoint knows answers that
    are none (``Answer``); an edit of a status is carried out and does a ``damage`` too.
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
    spoil: Spoil | None = None
    trickle: Trickle | None = None
    pace: float = 1.0
    damage: Damage | None = None

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
            "spoil": self.spoil,
            "trickle": self.trickle,
            "pace": self.pace,
            "damage": self.damage,
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
            case "times" | "skip" | "delay" | "status" | "pace", bool() as value:
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
            case "pace", int() | float() as pace:
                fields["pace"] = pace
            case "answer" | "spoil" | "trickle" | "damage" as name, value:
                choose(fields, name, value)
            case _, value:
                raise no_fault(f"{key} can't be {value!r}")
    return Fault(path=path, **fields)


def choose(
    fields: FaultFields, name: Literal["answer", "spoil", "trickle", "damage"], value: object
) -> None:
    """Put one of a field's words into ``fields``. Raises ``RefusedError`` (422) for another."""
    words: tuple[object, ...] = get_args(WORDS[name])
    if value is not None and value not in words:
        raise no_fault(f"{name} can't be {value!r}")
    fields.update(cast(FaultFields, {name: value}))


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
