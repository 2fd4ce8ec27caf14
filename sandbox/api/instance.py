"""``/api/v1/instance`` and ``/api/v2/instance``: what the server is and which limits it sets.

https://docs.joinmastodon.org/methods/instance/, and nodeinfo.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.api.caller import base_url, sandbox_of, serializer_of
from sandbox.errors import RefusedError
from sandbox.model.instance_entities import (
    Instance,
    Limits,
    MediaLimits,
    Nodeinfo,
    NodeinfoLinks,
    V1Instance,
)
from sandbox.model.media_types import SUFFIXES
from sandbox.model.records import DEMO_ACCOUNT
from sandbox.settings import (
    LINK_CHARACTERS,
    LONGEST_POLL_SECONDS,
    MOST_POLL_OPTIONS,
    POLL_OPTION_CHARACTERS,
    SHORTEST_POLL_SECONDS,
    Settings,
)

TITLE = "Alternator sandbox"
NODEINFO = "http://nodeinfo.diaspora.software/ns/schema"
DESCRIPTION = "A sandbox that speaks Mastodon's client API. It is no Mastodon server."
# Announced only; in pixels and frames a second.
# https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/concerns/attachmentable.rb
IMAGE_PIXELS = 7680 * 4320
# https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/media_attachment.rb
VIDEO_PIXELS = 3840 * 2160
VIDEO_FRAME_RATE = 120


def limits_of(settings: Settings) -> Limits:
    """The limits that both versions announce."""
    attachments: MediaLimits = {
        "supported_mime_types": list(SUFFIXES),
        "image_size_limit": settings.image_bytes,
        "image_matrix_limit": IMAGE_PIXELS,
        "video_size_limit": settings.video_bytes,
        "video_frame_rate_limit": VIDEO_FRAME_RATE,
        "video_matrix_limit": VIDEO_PIXELS,
    }
    if settings.announce_description_limit and settings.dialect.limit_is_told == "in its place":
        attachments["description_limit"] = settings.description_limit
    return {
        "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
        "statuses": {
            "max_characters": settings.status_limit,
            "max_media_attachments": settings.attachment_limit,
            "characters_reserved_per_url": LINK_CHARACTERS,
        },
        "media_attachments": attachments,
        "polls": {
            "max_options": MOST_POLL_OPTIONS,
            "max_characters_per_option": POLL_OPTION_CHARACTERS,
            "min_expiration": SHORTEST_POLL_SECONDS,
            "max_expiration": LONGEST_POLL_SECONDS,
        },
    }


async def version_2(request: Request) -> JSONResponse:
    """The instance as Mastodon 4 describes itself."""
    settings = sandbox_of(request).settings
    dialect = settings.dialect
    if not dialect.has_instance_v2:
        raise RefusedError(404, "Not Found")
    instance: Instance = {
        "domain": request.url.netloc,
        "title": TITLE,
        "version": dialect.version,
        "source_url": "",
        "description": DESCRIPTION,
        "usage": {"users": {"active_month": 1}},
        "thumbnail": {"url": f"{base_url(request)}/static/avatar.svg"},
        "icon": [],
        "languages": [settings.default_language],
        "configuration": {
            **limits_of(settings),
            "urls": {"streaming": streaming_url(request), "status": None},
            "vapid": {"public_key": ""},
            "translation": {"enabled": False},
            "limited_federation": False,
        },
        "registrations": {"enabled": False, "approval_required": False, "message": None},
        "contact": {"email": "", "account": serializer_of(request).account(DEMO_ACCOUNT)},
        "rules": [],
    }
    if dialect.api_version is not None:
        instance["api_versions"] = {"mastodon": dialect.api_version}
    if dialect.limit_is_told == "at the top":
        instance["description_limit"] = settings.description_limit
    return JSONResponse(instance)


async def version_1(request: Request) -> JSONResponse:
    """The instance as older clients read it."""
    settings = sandbox_of(request).settings
    instance: V1Instance = {
        "uri": request.url.netloc,
        "title": TITLE,
        "short_description": DESCRIPTION,
        "description": DESCRIPTION,
        "email": "",
        "version": settings.dialect.version,
        "urls": {"streaming_api": streaming_url(request)},
        "stats": {
            "user_count": 2,
            "status_count": len(sandbox_of(request).store.statuses),
            "domain_count": 1,
        },
        "thumbnail": None,
        "languages": [settings.default_language],
        "registrations": False,
        "approval_required": False,
        "invites_enabled": False,
        "configuration": limits_of(settings),
        "contact_account": serializer_of(request).account(DEMO_ACCOUNT),
        "rules": [],
    }
    if settings.dialect.limit_is_told == "at the top":
        instance["description_limit"] = settings.description_limit
    return JSONResponse(instance)


def streaming_url(request: Request) -> str | None:
    """Where streams are, with the scheme that Mastodon names: ws or wss; None without any."""
    match sandbox_of(request).settings.streaming:
        case "none":
            return None  # as Pixelfed answers
        case "sse":
            return base_url(request)
        case "websocket" | "both":
            return base_url(request).replace("http", "ws", 1)


async def nodeinfo_links(request: Request) -> JSONResponse:
    """Where nodeinfo is."""
    href = f"{base_url(request)}/nodeinfo/2.0"
    found: NodeinfoLinks = {"links": [{"rel": f"{NODEINFO}/2.0", "href": href}]}
    return JSONResponse(found)


async def nodeinfo(request: Request) -> JSONResponse:
    """Which software this is like."""
    dialect = sandbox_of(request).settings.dialect
    found: Nodeinfo = {
        "version": "2.0",
        "software": {"name": dialect.software, "version": dialect.version},
        "protocols": [],
    }
    return JSONResponse(found)


routes = [
    Route("/.well-known/nodeinfo", nodeinfo_links),
    Route("/nodeinfo/2.0", nodeinfo),
    Route("/api/v2/instance", version_2),
    Route("/api/v1/instance", version_1),
]
