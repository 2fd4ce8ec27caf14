"""What differs between the servers that speak Mastodon's API: one row for each, with its sources.

Only what a server's answers do not show by themselves stands here, and only what is decided by it.
The limit of a description, a source's ``content_type`` and a status's quote policy are told by the
servers that have them (``entities.py``); both forms of ``X-RateLimit-Reset`` are told apart by
their look (``server_errors.py``).

A server is recognised, in this order, by

1. the ``version`` of ``/api/v1/instance`` or ``/api/v2/instance``, where forks and other software
   name themselves: ``4.2.0+glitch``, ``2.7.2 (compatible; Akkoma 3.13.2)``;
2. the software's name in its nodeinfo, which forks of Mastodon leave as it was;
3. a version below 1, which Mastodon has not had since 2017 and GoToSocial has.

One that is not recognised is taken for Mastodon, whose API it speaks.
"""

import re
from dataclasses import dataclass
from typing import Literal

Software = Literal[
    "Mastodon", "glitch-soc", "Hometown", "GoToSocial", "Akkoma", "Pleroma", "Pixelfed"
]
Streaming = Literal["SSE", "WebSocket", "none"]


@dataclass(frozen=True, kw_only=True)
class EditRules:
    """How an edit is to be sent so that it changes nothing but descriptions."""

    # What `"sensitive": false` must be beside a content warning.
    false_beside_warning: Literal["text", "boolean"]
    # Whether a poll's author can see that its counts are hidden from everybody else.
    tells_hidden_totals: bool
    # Whether a poll that is sent without an end keeps the one it has. Sent with one, it ends so
    # many whole seconds after the edit: up to a second earlier or later than before.
    keeps_poll_end: bool = False
    # Whether an edit with an empty text makes a text of the content warning.
    blank_takes_warning: bool = True


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One software."""

    software: Software
    version: str | None  # a regular expression: how its ``version`` names it, if it does
    nodeinfo: str  # the software's name in nodeinfo
    streaming: Streaming
    edit: EditRules | None  # None: no edit changes the description of a posted attachment


# Mastodon turns a status with a content warning sensitive when it reads JSON's `false`: Ruby's
# `false || spoiler_text.present?`. The text "false" is true there until the database reads it.
# https://github.com/mastodon/mastodon/blob/main/app/services/update_status_service.rb
# Its poll must have an end: `expires_in` is whole seconds from now (PollExpirationValidator,
# https://github.com/mastodon/mastodon/blob/main/app/models/concerns/expireable.rb).
# A poll's counts are null for everybody, its author too, while they are hidden.
# https://github.com/mastodon/mastodon/blob/main/app/models/poll.rb (show_totals_now?)
_MASTODON_EDIT = EditRules(false_beside_warning="text", tells_hidden_totals=True)

# Server-sent events: https://docs.joinmastodon.org/methods/streaming/
MASTODON = Dialect(
    software="Mastodon",
    version=None,
    nodeinfo="mastodon",
    streaming="SSE",
    edit=_MASTODON_EDIT,
)

DIALECTS = (
    # A fork that differs in nothing that is decided here; it tells a source's content_type.
    # https://github.com/glitch-soc/mastodon/blob/main/config/mastodon.yml (the version's metadata)
    # https://github.com/glitch-soc/mastodon/blob/main/app/services/update_status_service.rb
    Dialect(
        software="glitch-soc",
        version=r"\+glitch\b",
        nodeinfo="glitch-soc",
        streaming="SSE",
        edit=_MASTODON_EDIT,
    ),
    # A fork; its version: https://docs.joinmastodon.org/entities/Instance/#api-versions
    # https://github.com/hometown-fork/hometown
    Dialect(
        software="Hometown",
        version=r"\+hometown\b",
        nodeinfo="hometown",
        streaming="SSE",
        edit=_MASTODON_EDIT,
    ),
    # `sensitive` is a Go bool, which JSON's text does not fill (HTTP 400):
    # https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/api/model/status.go
    # WebSocket only:
    # https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/api/client/streaming/stream.go
    # No `expires_in` leaves a poll's end alone (processPollEdit), a blank text stays blank:
    # https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/processing/status/edit.go
    # Each look at a post needs a token (TokenAuth), so it can't be seen as others see it, either.
    # A poll's author gets all counts (`isAuthor || !*poll.HideCounts`):
    # https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/typeutils/internaltofrontend.go
    # Its version is its own ("0.17.0+git-1a2b3c"), or Mastodon's where
    # instance-inject-mastodon-version says so: then nodeinfo names it.
    # https://docs.gotosocial.org/en/latest/configuration/instance/
    Dialect(
        software="GoToSocial",
        version=None,
        nodeinfo="gotosocial",
        streaming="WebSocket",
        edit=EditRules(
            false_beside_warning="boolean",
            tells_hidden_totals=False,
            keeps_poll_end=True,
            blank_takes_warning=False,
        ),
    ),
    # Named in the version:
    # https://docs.akkoma.dev/stable/development/API/differences_in_mastoapi_responses/
    # An edit (StatusUpdateRequest) has no media_attributes:
    # https://github.com/external-mirrors/akkoma/blob/develop/lib/pleroma/web/api_spec/operations/status_operation.ex
    # WebSocket only, as Pleroma.
    Dialect(
        software="Akkoma",
        version=r"\(compatible; Akkoma\b",
        nodeinfo="akkoma",
        streaming="WebSocket",
        edit=None,
    ),
    # As Akkoma, which is a fork of it:
    # https://github.com/external-mirrors/pleroma/blob/develop/lib/pleroma/web/api_spec/operations/status_operation.ex
    # https://github.com/external-mirrors/pleroma/blob/develop/lib/pleroma/web/mastodon_api/websocket_handler.ex
    Dialect(
        software="Pleroma",
        version=r"\(compatible; Pleroma\b",
        nodeinfo="pleroma",
        streaming="WebSocket",
        edit=None,
    ),
    # An edit takes media_ids and leaves their descriptions alone, and there is no source to make
    # one from; no streaming (`streaming_api` is null):
    # https://github.com/pixelfed/pixelfed/blob/dev/app/Services/Status/UpdateStatusService.php
    # https://github.com/pixelfed/pixelfed/blob/dev/routes/api.php
    # https://github.com/pixelfed/pixelfed/blob/dev/app/Http/Controllers/Api/ApiV1Controller.php
    Dialect(
        software="Pixelfed",
        version=r"\(compatible; Pixelfed\b",
        nodeinfo="pixelfed",
        streaming="none",
        edit=None,
    ),
)


def recognise(version: str, nodeinfo_name: str | None) -> Dialect:
    """The dialect of a server, by its version and by the software's name in its nodeinfo.

    The name is None where the server did not tell it.
    """
    for dialect in DIALECTS:
        if dialect.version is not None and re.search(dialect.version, version):
            return dialect
    if nodeinfo_name is None:
        nodeinfo_name = "gotosocial" if re.match(r"0\.\d", version) else "mastodon"
    for dialect in DIALECTS:
        if nodeinfo_name.lower() == dialect.nodeinfo:
            return dialect
    return MASTODON
