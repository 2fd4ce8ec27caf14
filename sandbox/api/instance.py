"""``/api/v1/instance`` and ``/api/v2/instance``: what the server is and which limits it sets."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.context import base_url, sandbox_of, serializer_of
from sandbox.model.media import SUFFIXES
from sandbox.model.model import DEMO_ACCOUNT

VERSION = "4.4.8"
TITLE = "Alternator sandbox"
DESCRIPTION = "A sandbox that speaks Mastodon's client API. It is no Mastodon server."


def configuration(request: Request) -> dict[str, Any]:
    """The limits, sizes in bytes and lengths in characters."""
    settings = sandbox_of(request).settings
    attachments = {
        "supported_mime_types": list(SUFFIXES),
        "image_size_limit": settings.image_bytes,
        "image_matrix_limit": 33177600,
        "video_size_limit": settings.video_bytes,
        "video_frame_rate_limit": 120,
        "video_matrix_limit": 8294400,
    }
    if settings.announce_description_limit:
        attachments["description_limit"] = settings.description_limit
    return {
        "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
        "statuses": {
            "max_characters": settings.status_limit,
            "max_media_attachments": settings.attachment_limit,
            "characters_reserved_per_url": 23,
        },
        "media_attachments": attachments,
        "polls": {
            "max_options": 4,
            "max_characters_per_option": 50,
            "min_expiration": 300,
            "max_expiration": 2629746,
        },
    }


async def version_2(request: Request) -> JSONResponse:
    """The instance as Mastodon 4 describes itself."""
    limits = configuration(request) | {
        "urls": {"streaming": streaming_url(request), "status": None},
        "vapid": {"public_key": ""},
        "translation": {"enabled": False},
        "limited_federation": False,
    }
    contact = {"email": "", "account": serializer_of(request).account(DEMO_ACCOUNT)}
    return JSONResponse(
        {
            "domain": request.url.netloc,
            "title": TITLE,
            "version": VERSION,
            "source_url": "",
            "description": DESCRIPTION,
            "usage": {"users": {"active_month": 1}},
            "thumbnail": {"url": f"{base_url(request)}/static/avatar.svg"},
            "icon": [],
            "languages": [sandbox_of(request).settings.default_language],
            "configuration": limits,
            "registrations": {"enabled": False, "approval_required": False, "message": None},
            "api_versions": {"mastodon": 6},
            "contact": contact,
            "rules": [],
        }
    )


async def version_1(request: Request) -> JSONResponse:
    """The instance as older clients read it."""
    return JSONResponse(
        {
            "uri": request.url.netloc,
            "title": TITLE,
            "short_description": DESCRIPTION,
            "description": DESCRIPTION,
            "email": "",
            "version": VERSION,
            "urls": {"streaming_api": streaming_url(request)},
            "stats": {
                "user_count": 2,
                "status_count": len(sandbox_of(request).store.statuses),
                "domain_count": 1,
            },
            "thumbnail": None,
            "languages": [sandbox_of(request).settings.default_language],
            "registrations": False,
            "approval_required": False,
            "invites_enabled": False,
            "configuration": configuration(request),
            "contact_account": serializer_of(request).account(DEMO_ACCOUNT),
            "rules": [],
        }
    )


def streaming_url(request: Request) -> str:
    """Where streams are, with the scheme that Mastodon names: ws or wss."""
    return base_url(request).replace("http", "ws", 1)


routes = [
    Route("/api/v2/instance", version_2),
    Route("/api/v1/instance", version_1),
]
