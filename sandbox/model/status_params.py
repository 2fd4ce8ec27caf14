"""What a client sends to post or edit a status or to describe a file: checked, with types.

https://docs.joinmastodon.org/methods/statuses/#create and #edit,
https://docs.joinmastodon.org/methods/media/#update. Names and values that Mastodon does not know
are passed over, as it does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from sandbox.errors import invalid
from sandbox.model.entities import Visibility
from sandbox.params import Params
from sandbox.settings import FEWEST_POLL_OPTIONS, MOST_POLL_OPTIONS

VISIBILITIES: dict[str, Visibility] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "private",
    "direct": "direct",
}


class PollFields(TypedDict, total=False):
    """A poll as JSON: ``expires_in`` in seconds."""

    options: Sequence[str]
    expires_in: float
    multiple: bool
    hide_totals: bool


class EditFields(TypedDict, total=False):
    """``PUT /api/v1/statuses/:id`` as JSON."""

    status: str
    spoiler_text: str
    sensitive: bool
    language: str | None
    media_ids: Sequence[str]
    media_attributes: Sequence[Mapping[str, str | None]]  # each with id, description, focus
    poll: PollFields | None
    quote_approval_policy: str


class PostFields(TypedDict, total=False):
    """``POST /api/v1/statuses`` as JSON, without its text and media."""

    spoiler_text: str
    sensitive: bool
    language: str | None
    visibility: str
    poll: PollFields | None
    in_reply_to_id: str
    quote_approval_policy: str


@dataclass(frozen=True, kw_only=True)
class PollParams:
    """A poll that is asked for; ``expires_in`` in seconds."""

    options: tuple[str, ...]
    expires_in: float
    multiple: bool = False
    hide_totals: bool = False


@dataclass(frozen=True, kw_only=True)
class MediaAttributes:
    """What is to change about a file. A missing ``description`` stays, a null one is removed."""

    id: str = ""
    describes: bool = False
    description: str | None = None
    focus: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class StatusParams:
    """What a new status and an edit have in common.

    ``sensitive`` is None where the content warning decides: left out, or JSON's false. The *text*
    "false" of a form holds: it is true to Ruby's ``||``, and false only once it is stored.
    https://github.com/mastodon/mastodon/blob/v4.4.8/app/services/update_status_service.rb
    """

    text: str = ""
    spoiler_text: str = ""
    sensitive: bool | None = None
    language: str | None = None
    media_ids: tuple[str, ...] = ()
    poll: PollParams | None = None
    quote_policy: str | None = None  # None: it was left out


@dataclass(frozen=True, kw_only=True)
class PostParams(StatusParams):
    """``POST /api/v1/statuses``."""

    visibility: Visibility = "public"
    in_reply_to_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class EditParams(StatusParams):
    """``PUT /api/v1/statuses/:id``."""

    media_attributes: dict[str, MediaAttributes] = field(default_factory=dict)  # by id


def post_params(params: Params) -> PostParams:
    """A new status. Raises ``RefusedError`` (422) for a value that Mastodon would not take."""
    visibility = VISIBILITIES.get(params.text("visibility") or "public")
    if visibility is None:
        raise invalid("Visibility is not included in the list")
    return PostParams(
        text=params.text("status") or "",
        spoiler_text=params.text("spoiler_text") or "",
        sensitive=sensitivity(params),
        language=params.text("language") or None,
        media_ids=params.texts("media_ids"),
        poll=poll_params(params.group("poll")),
        visibility=visibility,
        in_reply_to_id=params.text("in_reply_to_id"),
        quote_policy=quote_policy(params),
    )


def edit_params(params: Params) -> EditParams:
    """An edit. Raises ``RefusedError`` (422) for a value that Mastodon would not take."""
    attributes = [media_attributes(group) for group in params.groups("media_attributes")]
    return EditParams(
        text=params.text("status") or "",
        spoiler_text=params.text("spoiler_text") or "",
        sensitive=sensitivity(params),
        language=params.text("language") or None,
        media_ids=params.texts("media_ids"),
        poll=poll_params(params.group("poll")),
        media_attributes={found.id: found for found in attributes},
        quote_policy=quote_policy(params),
    )


def sensitivity(params: Params) -> bool | None:
    """``sensitive``, as ``StatusParams`` explains it."""
    value = params.get("sensitive")
    if isinstance(value, str) and value:
        return params.flag("sensitive")
    return params.flag("sensitive") or None


def quote_policy(params: Params) -> str | None:
    """Who may quote it; None when that is left out. Raises ``RefusedError`` (422).

    https://docs.joinmastodon.org/methods/statuses/#quote_approval_policy
    """
    policy = params.text("quote_approval_policy") or None
    if policy not in (None, "public", "followers", "nobody"):
        raise invalid("Quote approval policy is not included in the list")
    return policy


def poll_params(params: Params | None) -> PollParams | None:
    """A poll; None when none is asked for. Raises ``RefusedError`` (422)."""
    if params is None:
        return None
    options = params.texts("options")
    if not FEWEST_POLL_OPTIONS <= len(options) <= MOST_POLL_OPTIONS:
        raise invalid(f"Poll must have {FEWEST_POLL_OPTIONS} to {MOST_POLL_OPTIONS} options")
    expires_in = params.seconds("expires_in")
    if expires_in is None:
        raise invalid("Expires at can't be blank")
    return PollParams(
        options=options,
        expires_in=expires_in,
        multiple=params.flag("multiple"),
        hide_totals=params.flag("hide_totals"),
    )


def media_attributes(params: Params) -> MediaAttributes:
    """What is to change about a file. Raises ``RefusedError`` (422)."""
    return MediaAttributes(
        id=params.text("id") or "",
        describes="description" in params,
        description=params.text("description"),
        focus=focal_point(params.text("focus")),
    )


def focal_point(focus: str | None) -> tuple[float, float] | None:
    """``"x,y"`` with each part from -1 to 1; None when there is none.

    https://docs.joinmastodon.org/api/guidelines/#focal-points
    """
    if not focus:
        return None
    try:
        x, y = (float(part) for part in focus.split(","))
    except ValueError:
        raise invalid("Focus is invalid") from None
    return x, y
