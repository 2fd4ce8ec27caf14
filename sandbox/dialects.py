"""The servers that the sandbox can be, besides the Mastodon 4.4 that it is by itself.

Each row says what differs, with the source that was read. It is written from the servers alone, not
from what any client expects of them; ``tests/sandbox/test_dialects.py`` holds the sandbox to it.
"""

# size: one table of data, a row for each server.

from dataclasses import dataclass, replace
from typing import Literal

# By which ways a server streams events.
Streaming = Literal["sse", "websocket", "both", "none"]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One server software, in one of its versions. The defaults are Mastodon 4.4's own."""

    version: str = "4.4.8"  # as the instance tells it
    software: str = "mastodon"  # nodeinfo's name
    streaming: Streaming = "both"
    has_instance_v2: bool = True
    api_version: int | None = 6  # `api_versions.mastodon`, since 4.3
    # Of descriptions:
    limit: int = 1500  # characters
    limit_is_told: Literal["in its place", "at the top", "no"] = "in its place"
    limit_holds: bool = True  # anywhere
    limit_holds_in_edits: bool = True
    # PUT /api/v1/statuses/:id:
    edits: bool = True
    takes_media_attributes: bool = True
    # Of an attachment that `media_attributes` names without one: it stays, or is removed.
    left_out_description: Literal["stays", "goes"] = "stays"
    foreign_media: Literal["passed over", "422", "400"] = "422"
    false_beside_warning: Literal["true", "false"] = "true"  # what JSON's false becomes
    booleans_only: bool = False  # a text for `sensitive` in JSON is 400
    unchanged: Literal["no trace", "422"] = "no trace"
    visibility_after: Literal["kept", "public"] = "kept"
    language_after: Literal["as sent", "en"] = "as sent"
    # PUT /api/v1/media/:id once a post has the medium: 404, or the post changes, or nothing of it.
    posted_media: Literal["404", "described", "upload alone"] = "404"
    media_updates_a_minute: int | None = None
    # GET /api/v1/statuses/:id/source:
    has_source: bool = True
    source_type: str | None = None  # its `content_type`
    # Of polls with hidden totals:
    author_sees_counts: bool = False
    hides_counts: bool = True
    # Who may quote (`quote_approval`): not told, or told; and what an edit without a policy does.
    quote_policy: Literal["none", "reset", "kept"] = "none"
    # Of all answers:
    tells_language: bool = True
    needs_user_agent: bool = False
    # Whether the server tells how tokens are had, PKCE with it (since Mastodon 4.3):
    # https://docs.joinmastodon.org/spec/oauth/
    pkce: bool = False
    reset: Literal["ISO 8601", "Unix"] = "ISO 8601"


MASTODON = Dialect(pkce=True)
# Edits know no media_attributes: https://github.com/mastodon/mastodon/pull/20878 (for 4.1). The
# limit is announced since 4.4: https://github.com/mastodon/mastodon/pull/33153
MASTODON_4_0 = Dialect(
    version="4.0.15",
    api_version=None,
    limit_is_told="no",
    takes_media_attributes=False,
    foreign_media="passed over",
    pkce=False,
)
MASTODON_4_1 = replace(MASTODON_4_0, version="4.1.25", takes_media_attributes=True)
# Media that the post can't have are refused (not_found), and api_versions told:
# https://github.com/mastodon/mastodon/blob/v4.3.0/app/services/update_status_service.rb
# https://github.com/mastodon/mastodon/blob/v4.3.0/lib/mastodon/version.rb
MASTODON_4_3 = replace(
    MASTODON_4_1, version="4.3.23", api_version=2, foreign_media="422", pkce=True
)
# An edit without a policy gives the post the account's default one, until 4.5.5:
# https://github.com/mastodon/mastodon/blob/v4.5.0/app/controllers/api/v1/statuses_controller.rb
# https://github.com/mastodon/mastodon/blob/v4.5.5/app/controllers/api/v1/statuses_controller.rb
MASTODON_4_5_0 = replace(MASTODON, version="4.5.0", api_version=7, quote_policy="reset")
MASTODON_4_5 = replace(MASTODON_4_5_0, version="4.5.15", quote_policy="kept")
# https://github.com/mastodon/mastodon/blob/v4.6.0/app/models/media_attachment.rb
MASTODON_4_6 = replace(MASTODON_4_5, version="4.6.5", api_version=11, limit=10_000)

# https://github.com/superseriousbusiness/gotosocial/blob/v0.20.0-rc1/internal/processing/status/edit.go
# has what an edit does, /internal/api/model/status.go its strict types and the source's type,
# /internal/typeutils/internaltofrontend.go what is told of the instance and of polls,
# /internal/middleware/useragent.go the 418, /internal/middleware/ratelimit.go the reset,
# /internal/api/client/streaming/stream.go the WebSocket, /internal/processing/media/update.go
# that PUT /api/v1/media/:id asks for no more than that the medium is one's own.
GOTOSOCIAL = Dialect(
    version="0.20.0+git-1a2b3c",
    software="gotosocial",
    streaming="websocket",
    api_version=None,
    limit_holds_in_edits=False,
    left_out_description="goes",
    foreign_media="400",
    false_beside_warning="false",
    booleans_only=True,
    unchanged="422",
    posted_media="described",
    source_type="text/plain",
    author_sees_counts=True,
    needs_user_agent=True,
)
# Edits came with 0.18, the source's type with 0.19; the limit is told since 0.20.
# https://github.com/superseriousbusiness/gotosocial/tree/v0.17.0/internal/api/client/statuses
GOTOSOCIAL_0_17 = replace(
    GOTOSOCIAL,
    version="0.17.0+git-1a2b3c",
    limit_is_told="no",
    edits=False,
    source_type=None,
)
# Unix time until 0.11, 500 characters until 0.13, no source until 0.15:
# https://github.com/superseriousbusiness/gotosocial/blob/v0.11.0/internal/middleware/ratelimit.go
# https://github.com/superseriousbusiness/gotosocial/blob/v0.11.0/internal/config/defaults.go
GOTOSOCIAL_0_11 = replace(
    GOTOSOCIAL_0_17, version="0.11.0", limit=500, reset="Unix", has_source=False
)

# https://github.com/external-mirrors/akkoma/blob/develop/lib/pleroma/web/api_spec/operations/status_operation.ex
# (StatusUpdateRequest: no media_attributes, no language),
# …/web/common_api/activity_draft.ex (the language `en`, the sensitivity as sent),
# …/web/mastodon_api/views/status_view.ex (the post's own copy of each attachment; the source's
# type), …/views/poll_view.ex (all counts, to everybody).
AKKOMA = Dialect(
    version="2.7.2 (compatible; Akkoma 3.13.2)",
    software="akkoma",
    streaming="websocket",
    api_version=None,
    limit=5000,
    limit_is_told="at the top",
    takes_media_attributes=False,
    foreign_media="passed over",
    false_beside_warning="false",
    language_after="en",
    posted_media="upload alone",
    source_type="text/plain",
    hides_counts=False,
)
PLEROMA = replace(
    AKKOMA,
    version="2.7.2 (compatible; Pleroma 2.7.0)",
    software="pleroma",
    language_after="as sent",
)

# https://github.com/pixelfed/pixelfed/blob/dev/app/Http/Controllers/Api/ApiV1Controller.php
# (mediaUpdate; instance), /app/Services/Status/UpdateStatusService.php (edits), /routes/api.php (no
# source), /config/pixelfed.php (the limit), /app/Transformer/Api/Mastodon/v1/StatusTransformer.php
PIXELFED = Dialect(
    version="3.5.3 (compatible; Pixelfed 0.12.3)",
    software="pixelfed",
    streaming="none",
    api_version=None,
    limit=1000,
    limit_is_told="no",
    takes_media_attributes=False,
    foreign_media="passed over",
    false_beside_warning="false",
    language_after="en",
    posted_media="described",
    media_updates_a_minute=10,
    has_source=False,
)

# https://github.com/friendica/friendica/blob/develop/src/Module/Api/Mastodon/Statuses.php (put),
# …/Media.php (put), …/InstanceV2.php, /static/routes.config.php (streaming is not implemented)
FRIENDICA = Dialect(
    version="2.8.0 (compatible; Friendica 2024.08)",
    software="friendica",
    streaming="none",
    api_version=None,
    limit_is_told="no",
    limit_holds=False,
    left_out_description="goes",
    foreign_media="passed over",
    false_beside_warning="false",
    posted_media="described",
)

# https://github.com/jointakahe/takahe/blob/main/api/views/statuses.py (edit_status) and
# /activities/models/post.py (edit_local: visibility=Visibilities.public; language is null),
# /api/views/media.py (update_media), /api/views/instance.py
TAKAHE = Dialect(
    version="takahe/0.11.0",
    software="takahe",
    streaming="none",
    api_version=None,
    limit_is_told="no",
    limit_holds=False,
    false_beside_warning="false",
    visibility_after="public",
    posted_media="described",
    tells_language=False,
)

# https://github.com/Lhcfl/sharkey-stelpolva/blob/stelpolva/packages/backend/src/server/api/mastodon/endpoints/status.ts
# (edits), …/MastodonApiServerService.ts (PUT /v1/media/:id; no streaming), …/endpoints/instance.ts
# (version 1 alone); the limit is https://github.com/misskey-dev/misskey/blob/develop/packages/backend/src/const.ts
SHARKEY = Dialect(
    version="3.0.0 (compatible; Sharkey 2025.4.3; like Akkoma)",
    software="sharkey",
    streaming="none",
    has_instance_v2=False,
    api_version=None,
    limit=512,
    limit_is_told="no",
    takes_media_attributes=False,
    foreign_media="passed over",
    false_beside_warning="false",
    posted_media="described",
    hides_counts=False,
)
# https://github.com/kaido2ki/Iceshrimp.NET/blob/dev/Iceshrimp.Backend/Controllers/Mastodon/MediaController.cs
# …/StatusController.cs (EditNote), …/WebSocketController.cs, …/Schemas/InstanceInfoV2Response.cs
ICESHRIMP_NET = replace(
    SHARKEY,
    version="4.2.1 (compatible; Iceshrimp.NET/2025.1)",
    software="Iceshrimp.NET",
    streaming="websocket",
    has_instance_v2=True,
    limit=1500,
    limit_holds=False,
    takes_media_attributes=True,
)

DIALECTS = {
    "mastodon-4.0": MASTODON_4_0,
    "mastodon-4.1": MASTODON_4_1,
    "mastodon-4.2": replace(MASTODON_4_1, version="4.2.29"),
    "mastodon-4.3": MASTODON_4_3,
    "mastodon-4.4": MASTODON,
    "mastodon-4.5.0": MASTODON_4_5_0,
    "mastodon-4.5": MASTODON_4_5,
    "mastodon-4.6": MASTODON_4_6,
    # https://github.com/glitch-soc/mastodon/blob/main/app/serializers/rest/status_source_serializer.rb
    "glitch-soc": replace(MASTODON_4_6, version="4.6.5+glitch", source_type="text/plain"),
    "hometown": replace(MASTODON_4_0, version="4.0.15+hometown-1.1.1"),
    "gotosocial": GOTOSOCIAL,
    "gotosocial-0.17": GOTOSOCIAL_0_17,
    "gotosocial-0.11": GOTOSOCIAL_0_11,
    "akkoma": AKKOMA,
    "pleroma": PLEROMA,
    "pixelfed": PIXELFED,
    "friendica": FRIENDICA,
    "takahe": TAKAHE,
    "sharkey": SHARKEY,
    # Of Iceshrimp and Firefish a fork alone could be read; what was read there agrees with this:
    # https://github.com/blueset/fireghoti/blob/main/packages/backend/src/server/api/mastodon/helpers/media.ts
    "iceshrimp": replace(
        ICESHRIMP_NET,
        version="4.2.1 (compatible; Iceshrimp 2023.12.7)",
        software="iceshrimp",
        takes_media_attributes=False,
    ),
    "firefish": replace(
        ICESHRIMP_NET,
        version="4.2.8 (compatible; Firefish 20240909)",
        software="firefish",
        takes_media_attributes=False,
    ),
    "iceshrimp.net": ICESHRIMP_NET,
    # One that is no server's: nobody knows it, and it does as Mastodon does.
    "unknown": replace(MASTODON, version="1.0 (nobody's)", software="nobodys"),
}
