"""The right answer for a recorded machine, as its file has it."""

from collections.abc import Callable
from typing import TypeVar

from probe.recordings.recording import Expected
from probe.strict_json import DamagedError, a_text, by_name, texts

T = TypeVar("T")


def read_expected(entry: dict[str, object]) -> Expected:
    """The right answer. Raises ``DamagedError`` for what is none."""
    unknown = entry.keys() - Expected.__annotations__.keys()
    if unknown:
        raise DamagedError(f"expected has {', '.join(sorted(unknown))}")

    def optional(name: str, read: Callable[[object, str], T]) -> T | None:
        return read(entry[name], name) if name in entry else None

    return Expected(
        backend=optional("backend", a_text),
        device=optional("device", a_text),
        torch=optional("torch", a_text),
        wheel=optional("wheel", a_text),
        image=optional("image", a_text),
        visible_devices=optional("visible_devices", texts),
        env=by_name(entry, "env", a_text) if "env" in entry else None,
        run_flags=optional("run_flags", texts),
        states=optional("states", texts),
        advice_codes=optional("advice_codes", texts),
        advice=tuple(texts(entry.get("advice", []), "advice")),
        findings=tuple(texts(entry.get("findings", []), "findings")),
        not_findings=tuple(texts(entry.get("not_findings", []), "not_findings")),
        says=tuple(texts(entry.get("says", []), "says")),
        says_not=tuple(texts(entry.get("says_not", []), "says_not")),
        doctor_says=tuple(texts(entry.get("doctor_says", []), "doctor_says")),
        doctor_says_not=tuple(texts(entry.get("doctor_says_not", []), "doctor_says_not")),
    )
