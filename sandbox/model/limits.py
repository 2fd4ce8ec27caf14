"""Rate limits with Mastodon's headers: requests in general, and posts with edits on their own.

https://docs.joinmastodon.org/api/rate-limits/
"""

import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.settings import Settings


@dataclass(kw_only=True)
class Budget:
    """Requests left in a window. Windows begin at multiples of their length after ``windows_from``:
    of Unix time itself, as Mastodon's do, where that is 0.

    https://github.com/mastodon/mastodon/blob/v4.4.8/app/lib/rate_limiter.rb
    """

    limit: int
    window_seconds: float
    windows_from: float = 0.0  # Unix time in seconds
    used: int = 0
    reset_at: float = 0.0  # Unix time in seconds
    form: Literal["ISO 8601", "Unix"] = "ISO 8601"  # of the reset

    def spend(self, now: float) -> bool:
        """Count one request; False when there was none left."""
        if now >= self.reset_at:
            self.used = 0
            begun = math.floor((now - self.windows_from) / self.window_seconds)
            self.reset_at = self.windows_from + (begun + 1) * self.window_seconds
        self.used += 1
        return self.used <= self.limit

    def remaining(self) -> int:
        """How many requests are left."""
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        """The three headers that a client plans by.

        https://github.com/mastodon/mastodon/blob/v4.4.8/app/controllers/concerns/api/rate_limit_headers.rb
        """
        reset = datetime.fromtimestamp(self.reset_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if self.form == "Unix":
            reset = str(int(self.reset_at))
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining()),
            "x-ratelimit-reset": reset,
        }


class Limits:
    """The budgets of every client, by token or address."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.clock = clock
        self.lock = threading.Lock()
        self.budgets: dict[tuple[str, str], Budget] = {}

    def spend(self, client: str, method: str, path: str) -> tuple[bool, dict[str, str]]:
        """Count a request; whether it may pass, and the headers of its answer.

        The headers are those of the budget that is closest to its end, as
        https://docs.joinmastodon.org/api/rate-limits/ has it; of two alike, the posting one's.
        """
        with self.lock:
            passes = [budget.spend(self.clock()) for budget in self.of(client, method, path)]
            budgets = self.of(client, method, path)
            refused = [b for b, passed in zip(budgets, passes, strict=True) if not passed]
            closest = min(reversed(refused or budgets), key=Budget.remaining)
            return not refused, closest.headers()

    def of(self, client: str, method: str, path: str) -> list[Budget]:
        """The budgets that a request counts against, the general one first."""
        settings = self.settings
        budgets = [
            self.budget(client, "requests", settings.request_limit, settings.request_window_seconds)
        ]
        posts = method == "POST" and path.endswith(("/v1/statuses", "/reblog"))
        edits = method == "PUT" and path.startswith("/api/v1/statuses/")
        if posts or edits:
            budgets.append(
                self.budget(
                    client, "posting", settings.posting_limit, settings.posting_window_seconds
                )
            )
        of_media = settings.dialect.media_updates_a_minute
        if of_media is not None and method == "PUT" and path.startswith("/api/v1/media/"):
            budgets.append(self.budget(client, "media", of_media, 60.0))
        return budgets

    def budget(self, client: str, name: str, limit: int, window_seconds: float) -> Budget:
        """One client's budget of that name."""
        fresh = Budget(
            limit=limit,
            window_seconds=window_seconds,
            windows_from=self.settings.windows_from,
            form=self.settings.dialect.reset,
        )
        return self.budgets.setdefault((client, name), fresh)

    def exhaust(self, client: str, seconds: float) -> None:
        """Nothing is left to this client for so many seconds."""
        with self.lock:
            budget = self.of(client, "GET", "/")[0]
            budget.used = budget.limit
            budget.reset_at = self.clock() + seconds

    def clear(self) -> None:
        """Everybody has everything left."""
        with self.lock:
            self.budgets.clear()


class LimitMiddleware:
    """Counts API requests. Streams are a server of their own in Mastodon, and not counted."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 429 or pass the request on; either way with the headers.

        https://github.com/mastodon/mastodon/blob/v4.4.8/config/initializers/rack_attack.rb
        """
        path = scope.get("path", "")
        counted = path.startswith("/api/") and not path.startswith("/api/v1/streaming")
        if scope["type"] != "http" or not counted:
            await self.app(scope, receive, send)
            return
        passed, headers = self.limits.spend(client_of(scope), scope["method"], path)
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        if not passed:
            json_type = (b"content-type", b"application/json; charset=utf-8")
            await send(
                {"type": "http.response.start", "status": 429, "headers": [json_type, *extra]}
            )
            body = json.dumps({"error": "Too many requests"}).encode()
            await send({"type": "http.response.body", "body": body})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await self.app(scope, receive, with_headers)


def client_of(scope: Scope) -> str:
    """Who is counted: the token, or without one the address."""
    for name, value in scope["headers"]:
        if name.lower() == b"authorization":
            return str(value.decode("latin-1"))
    return scope["client"][0] if scope.get("client") else ""
