"""What ``Enrolled.settings`` holds of a member beside the choices, and how it is changed.

``session`` is a word that the browser's cookie has too; ``held``: the operator paused the account,
so that the member can't let it go on; ``leaving``: since when (Unix time in seconds) it is deleted.
"""

import secrets
import uuid
from collections.abc import Mapping

from alternator.members.choices import KEPT_AS, Choices
from alternator.store.cluster import Enrolled, Enrolment

SESSION, HELD, LEAVING = "session", "held", "leaving"
# Whose ids are made of a server and an id there (https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5):
# the same member gets the same one, however often, and at whichever process.
NAMESPACE = uuid.UUID("6a1f3f0e-3f0b-5d0a-9f57-0c8f1c7e5a11")


def key_of_member(server: str, remote_id: str) -> str:
    """The key of an account's enrolment."""
    name = f"{server}\n{remote_id}"
    return f"member:{uuid.uuid5(NAMESPACE, name)}"


def new_session(settings: Mapping[str, object]) -> dict[str, object]:
    """Another session word: cookies with the old one are worth nothing any more."""
    return {**settings, SESSION: secrets.token_hex(16)}


def session_of(entry: Enrolled) -> str:
    """The session word; '' where there is no session."""
    found = entry.settings.get(SESSION)
    return found if isinstance(found, str) else ""


def end_session(enrolment: Enrolment, entry: Enrolled) -> None:
    """Sign a member out everywhere."""
    kept = {key: value for key, value in entry.settings.items() if key != SESSION}
    enrolment.change(entry.key, kept)


def choose(enrolment: Enrolment, entry: Enrolled, choices: Choices) -> None:
    """Keep what a member chose."""
    enrolment.change(entry.key, {**entry.settings, KEPT_AS: choices.kept()})


def is_held(entry: Enrolled) -> bool:
    """Whether the operator paused it."""
    return entry.settings.get(HELD) is True


def leaving_since(entry: Enrolled) -> float | None:
    """Since when a member leaves; None for one who does not."""
    found = entry.settings.get(LEAVING)
    return float(found) if isinstance(found, float | int) else None


def begin_leaving(enrolment: Enrolment, entry: Enrolled, now: float) -> None:
    """A member leaves: whatever becomes of this process, somebody ends it."""
    enrolment.change(entry.key, {**entry.settings, LEAVING: float(now)})
    enrolment.pause(entry.key, True)


def hold(enrolment: Enrolment, entry: Enrolled, held: bool) -> None:
    """The operator pauses an account, or lets it go on."""
    enrolment.change(entry.key, {**entry.settings, HELD: held})
    enrolment.pause(entry.key, held)
