"""What is posted in parts, taken up again wherever it was left: each part once, in its place."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from answers import chain

from alternator.accounts.account import Account
from alternator.bot.outbox import Outbox
from alternator.errors import GoneError, ServerError, TakenBackError
from alternator.mastodon.entities import NewPost
from alternator.progress import SILENT
from sandbox.model import entities
from sandbox.server import SandboxServer

LIMIT = 40
WORDS = "The first part of it all. The second part of it. And the third and last part."
OTHER = "Words that a model made anew."
KEY = "reply:1:11"
POST = "/api/v1/statuses"


@pytest.fixture
def root(server: SandboxServer) -> str:
    return str(server.post("Look")["id"])


@pytest.fixture
def outbox(account: Account) -> Outbox:
    return made(account)


def made(account: Account, own_id: str | None = None) -> Outbox:
    """An outbox of a process that was started just now."""
    own = account.id if own_id is None else own_id
    return Outbox(account.session(SILENT), own, account.state.outgoing, limit=LIMIT)


def reply(below: str | None, text: str = WORDS) -> NewPost:
    return NewPost(text=text, visibility="unlisted", in_reply_to_id=below)


def said(posts: list[entities.Status]) -> str:
    return " ".join(post["content"].removeprefix("<p>").removesuffix("</p>") for post in posts)


@pytest.fixture(params=["known", "forgotten"])
def forget(request: pytest.FixtureRequest, server: SandboxServer) -> Callable[[], None]:
    """Has the server forget its idempotency keys, as it does after an hour, or leaves them."""

    def forgets() -> None:
        if request.param == "forgotten":
            server.sandbox.store.idempotency_keys.clear()

    return forgets


def broken_off(
    server: SandboxServer, outbox: Outbox, root: str, parts: int, *, after: bool
) -> None:
    """Post so many parts, and fail at the next, carried out or not."""
    server.fail(POST, method="POST", status=503, skip=parts, after=after, times=1)
    with pytest.raises(ServerError):
        outbox.send(KEY, "", reply(root))


def test_a_long_text_is_a_chain(server: SandboxServer, outbox: Outbox, root: str):
    posts = outbox.send(KEY, "", reply(root))
    found = chain(server, root)
    assert [one["id"] for one in found] == list(posts)
    assert len(posts) == 3 and said(found) == WORDS
    assert outbox.send(KEY, "", reply(root, OTHER)) == posts
    assert outbox.is_sent(KEY)


def test_one_that_is_too_long_is_not_begun(server: SandboxServer, outbox: Outbox, root: str):
    assert outbox.send(KEY, "", reply(root), most=2) == ()
    assert chain(server, root) == [] and not outbox.is_sent(KEY)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("parts", [0, 1, 2])
def test_whoever_takes_it_up_posts_what_is_missing(
    server: SandboxServer,
    account: Account,
    outbox: Outbox,
    root: str,
    forget: Callable[[], None],
    parts: int,
    after: bool,
):
    broken_off(server, outbox, root, parts, after=after)
    assert len(chain(server, root)) == parts + after
    forget()
    assert not made(account).is_sent(KEY)
    posts = made(account).send(KEY, "", reply(root, OTHER))
    found = chain(server, root)
    assert said(found) == WORDS and tuple(one["id"] for one in found) == posts


def test_what_the_author_says_below_is_no_part(
    server: SandboxServer, account: Account, outbox: Outbox, root: str
):
    """Neither a word that stands in one, nor all of one and more."""
    broken_off(server, outbox, root, 0, after=False)
    for words in ("part", f"{WORDS} And what I say."):
        server.post(words, in_reply_to_id=root)
    posts = made(account).go_on(KEY, reply(root, ""))
    assert len(posts) == 3 and len(server.replies(root)) == 3


def test_a_part_that_was_deleted_is_not_posted_again(
    server: SandboxServer,
    account: Account,
    outbox: Outbox,
    root: str,
    forget: Callable[[], None],
):
    """The next one goes below the last that stands."""
    broken_off(server, outbox, root, 2, after=False)
    first, second = chain(server, root)
    server.delete(second["id"])
    forget()
    posts = made(account).go_on(KEY, reply(root, ""))
    found = chain(server, root)
    assert [one["id"] for one in found] == [first["id"], posts[2]]
    assert "third" in found[1]["content"]


def test_one_that_was_deleted_before_its_id_was_known_is_not_posted_again(
    server: SandboxServer, account: Account, outbox: Outbox, root: str
):
    """The server knows its key, and does not have it."""
    broken_off(server, outbox, root, 1, after=True)
    first, second = chain(server, root)
    server.delete(second["id"])
    made(account).go_on(KEY, reply(root, ""))
    found = chain(server, root)
    assert [one["id"] for one in found][:1] == [first["id"]]
    assert len(found) == 2 and "third" in found[1]["content"]


@pytest.mark.parametrize("after", [False, True])
def test_who_deletes_all_of_it_has_taken_it_back(
    server: SandboxServer,
    account: Account,
    outbox: Outbox,
    root: str,
    after: bool,
):
    """Also the first one, whose id was never known."""
    broken_off(server, outbox, root, 0 if after else 1, after=after)
    (first,) = chain(server, root)
    server.delete(first["id"])
    for _ in range(2):
        with pytest.raises(TakenBackError):
            made(account).go_on(KEY, reply(root, ""))
    assert chain(server, root) == [] and made(account).is_sent(KEY)


def test_a_part_that_is_deleted_right_then_is_passed_over(
    server: SandboxServer, account: Account, outbox: Outbox, root: str
):
    """Between the look at it and the next one."""
    broken_off(server, outbox, root, 2, after=False)
    _, second = chain(server, root)
    box = made(account)
    stands = box._stands

    def deleted_after(status_id: str) -> bool:
        found = stands(status_id)
        if status_id == second["id"] and found:
            server.delete(status_id)
        return found

    box._stands = deleted_after  # type: ignore[method-assign]
    box.go_on(KEY, reply(root, ""))
    found = chain(server, root)
    assert len(found) == 2 and "third" in found[1]["content"]


def test_a_post_that_is_gone_is_not_answered(server: SandboxServer, outbox: Outbox, root: str):
    server.delete(root)
    with pytest.raises(GoneError):
        outbox.send(KEY, "", reply(root))
    assert not outbox.is_sent(KEY)


def test_a_message_is_found_among_the_newest_posts(
    server: SandboxServer, account: Account, outbox: Outbox, forget: Callable[[], None]
):
    """It answers nothing, so nothing leads to it. One with the same words is as old as it is."""
    message = NewPost(text=WORDS, visibility="direct")
    outbox.send("message:yesterday", "@demo", message)
    store = server.sandbox.store
    for status in list(store.statuses.values()):
        store.statuses[status.id] = replace(status, created_at=status.created_at - 86_400.0)
    server.fail(POST, method="POST", status=503, after=True, times=1)
    with pytest.raises(ServerError):
        outbox.send("message:today", "@demo", message)
    forget()
    before = made(account).send("message:yesterday", "@demo", message)
    posts = made(account).send("message:today", "@demo", message)
    assert not set(before) & set(posts)
    assert len(server.statuses()) == len(before) + len(posts)


def test_a_message_is_not_taken_for_another_with_the_same_words(
    server: SandboxServer, account: Account, outbox: Outbox
):
    """What was sent of the one is no part of the other, which was only begun."""
    message = NewPost(text=WORDS, visibility="direct")
    before = outbox.send("message:draft 2", "@demo", message)
    server.fail(POST, method="POST", status=503, times=1)
    with pytest.raises(ServerError):
        outbox.send("message:draft 3", "@demo", message)
    posts = made(account).send("message:draft 3", "@demo", message)
    assert not set(before) & set(posts)
    assert len(server.statuses()) == len(before) + len(posts)
