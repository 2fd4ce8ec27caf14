"""Rate limits: headers, budgets, and what happens when one is spent."""

from dataclasses import replace
from datetime import datetime

import pytest
from mastodon import Mastodon, MastodonRatelimitError

from sandbox.model.limits import Limits
from sandbox.settings import Settings

SETTINGS = Settings(
    request_limit=3, request_window_seconds=300, posting_limit=2, posting_window_seconds=10_800
)


def test_every_answer_says_what_is_left(api):
    first, second = (api("GET", "/api/v1/instance").headers for _ in range(2))
    assert first["x-ratelimit-limit"] == "300"
    assert int(first["x-ratelimit-remaining"]) - int(second["x-ratelimit-remaining"]) == 1
    assert datetime.fromisoformat(first["x-ratelimit-reset"]).tzinfo is not None


def test_exhausted_token_is_429_and_others_are_not(api, server):
    server.exhaust_rate_limit(60)
    refused = api("GET", "/api/v1/accounts/verify_credentials")
    assert (refused.status_code, refused.json()) == (429, {"error": "Too many requests"})
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert api("GET", "/api/v1/instance", headers={"Authorization": None}).status_code == 200
    assert api("GET", "/sandbox/health").status_code == 200


def test_client_library_sees_the_limit(api, server):
    client = Mastodon(
        access_token="sandbox",
        api_base_url=server.url,
        version_check_mode="none",
        ratelimit_method="throw",
    )
    api("POST", "/sandbox/rate-limit", json={"seconds": 60})
    with pytest.raises(MastodonRatelimitError):
        client.me()


def test_budget_is_full_again_in_the_next_window(clock):
    limits = Limits(SETTINGS, clock)
    assert [limits.spend("a", "GET", "/")[0] for _ in range(4)] == [True, True, True, False]
    clock.now += 300
    assert limits.spend("a", "GET", "/")[0]


def test_windows_may_be_counted_from_any_moment(clock):
    limits = Limits(replace(SETTINGS, windows_from=clock.now - 299), clock)
    assert [limits.spend("a", "GET", "/")[0] for _ in range(4)] == [True, True, True, False]
    clock.now += 1
    assert limits.spend("a", "GET", "/")[0]


def test_posts_and_edits_share_a_budget_of_their_own(clock):
    limits = Limits(SETTINGS, clock)
    path = "/api/v1/statuses"
    passed, headers = limits.spend("a", "POST", path)
    assert (passed, headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == (
        True,
        "2",
        "1",
    )
    assert limits.spend("a", "PUT", f"{path}/1")[0]
    clock.now += 300  # the general budget is full again, this one is not
    assert not limits.spend("a", "PUT", f"{path}/1")[0]
    assert limits.spend("a", "GET", f"{path}/1")[0]


def test_headers_are_those_of_the_budget_closest_to_its_end(clock):
    limits = Limits(SETTINGS, clock)
    assert limits.spend("a", "GET", "/")[0]
    assert limits.spend("a", "GET", "/")[0]
    _, headers = limits.spend("a", "POST", "/api/v1/statuses")  # leaves 0 of 3, and 1 of 2
    assert (headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == ("3", "0")


def test_budgets_are_per_client(clock):
    limits = Limits(SETTINGS, clock)
    limits.exhaust("a", 60)
    assert not limits.spend("a", "GET", "/")[0]
    assert limits.spend("b", "GET", "/")[0]
    clock.now += 61
    assert limits.spend("a", "GET", "/")[0]
