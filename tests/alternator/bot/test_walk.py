"""Walks through pages as servers give them: cut, repeated, empty, unsorted, or none at all."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from fast_clock import FastClock
from hypothesis import given
from hypothesis import strategies as st
from statuses import status

from alternator.bot.walk import Seen, Walk, edge_of
from alternator.errors import TemporaryServerError
from alternator.mastodon.entities import Page, Status

MOST_PAGES = 25


@pytest.fixture(scope="module", autouse=True)
def long_looks() -> Iterator[None]:
    """Looks of so many pages, longer than the bot's, which has other work to do in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alternator.bot.walk.MOST_PAGES", MOST_PAGES)
        yield


def status_of(number: int) -> Status:
    return status(id=str(number))


def page_of(numbers: Iterable[int]) -> Page:
    statuses = tuple(map(status_of, numbers))
    return Page(statuses=statuses, oldest=statuses[-1].id if statuses else None)


class Server:
    """An account's posts, by number, in pages of ``size``; ``page`` says how it gives them."""

    def __init__(self, posts: Iterable[int], size: int = 4) -> None:
        self.posts = sorted(posts, reverse=True)
        self.size = size
        self.asked: list[tuple[str | None, str | None]] = []
        self.wrong: dict[int, Page | TemporaryServerError] = {}  # by the number of the request
        self.odd: set[int] = set()  # that nobody understands
        self.well = False  # whether one that is not well has become so

    def ask(self, *, max_id: str | None = None, min_id: str | None = None) -> Page:
        self.asked.append((max_id, min_id))
        if (wrong := self.wrong.get(len(self.asked))) is not None:
            if isinstance(wrong, Page):
                return wrong
            raise wrong
        if min_id is not None:
            above = [post for post in self.posts if post > int(min_id)]
            return self.page(above[-self.size :])
        below = [post for post in self.posts if max_id is None or post < int(max_id)]
        return self.page(below[: self.size])

    def page(self, posts: list[int]) -> Page:
        unread = tuple(str(post) for post in posts if post in self.odd)
        found = page_of(post for post in posts if post not in self.odd)
        return replace(found, unread=unread, oldest=str(posts[-1]) if posts else None)


class Walked:
    """A walk and what it took; ``limit`` is the newest post that is not wanted any more."""

    def __init__(self, server: Server, cursor: str | None = None, limit: int = 0) -> None:
        self.server = server
        self.cursor = cursor
        self.taken: set[int] = set()
        self.limit = limit
        self.clock = FastClock(speed=1000.0)
        self.walk = Walk(server.ask, self.take, self.clock)

    def take(self, page: Page) -> frozenset[str]:
        ids = [int(status.id) for status in page.statuses]
        self.taken.update(entry for entry in ids if entry > self.limit)
        return frozenset(str(entry) for entry in ids if entry <= self.limit)

    def look(self) -> Seen:
        before = len(self.server.asked)
        seen = self.walk.look(self.cursor)
        assert len(self.server.asked) - before <= MOST_PAGES + 1
        if seen.cursor is not None:
            # The cursor never passes a post that was not seen.
            between = {
                post
                for post in self.server.posts
                if max(self.limit, int(self.cursor or 0)) < post <= int(seen.cursor)
            } - self.server.odd
            assert between <= self.taken
            self.cursor = seen.cursor
        return seen


def test_a_look_that_is_up_to_date_asks_for_one_page():
    walked = Walked(Server(range(1, 30)), cursor="27")
    walked.look()
    assert walked.cursor == "29"
    assert walked.taken == {26, 27, 28, 29}  # the page as a whole
    del walked.server.asked[:]
    walked.look()
    assert walked.server.asked == [(None, None)]


def test_the_first_look_goes_as_far_back_as_posts_are_wanted():
    walked = Walked(Server(range(1, 100)), limit=80)
    walked.look()
    assert walked.taken == set(range(81, 100))
    assert walked.cursor == "99"
    assert len(walked.server.asked) == 5


def test_an_account_without_posts_has_no_cursor_until_there_is_one():
    walked = Walked(Server([]))
    assert walked.look().cursor is None
    walked.server.posts = [1]
    assert walked.look().newer == ("1",)
    assert (walked.taken, walked.cursor) == ({1}, "1")


def test_what_a_look_does_not_reach_the_next_one_does():
    walked = Walked(Server(range(1, 400)), cursor="50")
    assert walked.look().more
    assert walked.cursor == "50"
    # Meanwhile the author goes on.
    walked.server.posts = [*range(420, 399, -1), *walked.server.posts]
    for _ in range(5):
        if not walked.look().more:
            break
    assert walked.cursor == "420"
    assert walked.taken >= set(range(51, 421))


def test_a_restart_begins_again_at_the_cursor():
    server = Server(range(1, 400))
    walked = Walked(server, cursor="50")
    walked.look()
    again = Walked(server, cursor=walked.cursor)
    while again.look().more:
        pass
    assert again.taken >= set(range(51, 400))


def test_a_server_that_fails_on_the_way_is_gone_on_with():
    walked = Walked(Server(range(1, 40)), cursor="5")
    walked.server.wrong[3] = TemporaryServerError("busy")
    seen = walked.look()
    assert (str(seen.trouble), walked.cursor) == ("busy", "5")
    del walked.server.asked[1:]
    walked.server.wrong = {}
    assert walked.look().trouble is None
    assert walked.cursor == "39"
    assert walked.taken >= set(range(6, 40))


def test_a_first_page_that_can_not_be_had_is_an_error_and_loses_nothing():
    walked = Walked(Server(range(1, 400)), cursor="50")
    walked.look()
    walked.server.wrong[len(walked.server.asked) + 1] = TemporaryServerError("busy")
    with pytest.raises(TemporaryServerError):
        walked.look()
    while walked.look().more:
        pass
    assert walked.taken >= set(range(51, 400))


@pytest.mark.parametrize("request_number", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("cursor", [None, "5"])
def test_one_empty_page_is_no_end(request_number: int, cursor: str | None):
    walked = Walked(Server(range(1, 20)), cursor=cursor)
    walked.server.wrong[request_number] = page_of([])
    for _ in range(3):
        walked.look()
    assert walked.taken >= set(range(6, 20))
    assert walked.cursor == "19"


def test_an_end_that_is_said_again_later_is_one():
    """On a server that does not know what comes after an id."""

    class Deaf(Server):
        def ask(self, *, max_id: str | None = None, min_id: str | None = None) -> Page:
            return page_of([]) if min_id else super().ask(max_id=max_id)

    walked = Walked(Deaf(range(1, 10)))
    walked.look()
    assert walked.cursor is None
    before = walked.clock.monotonic()
    while walked.cursor is None:
        walked.look()
    assert walked.clock.monotonic() - before > 590
    assert walked.taken == set(range(1, 10))


@pytest.mark.parametrize("request_number", [1, 2, 3])
def test_a_page_that_is_cut_short_only_takes_more_of_them(request_number: int):
    walked = Walked(Server(range(1, 20)), cursor="3")
    whole = Walked(Server(range(1, 20)), cursor="3")
    whole.look()
    at, _ = whole.server.asked[request_number - 1]
    below = [post for post in walked.server.posts if at is None or post < int(at)]
    walked.server.wrong[request_number] = page_of(below[:1])
    walked.look()
    assert walked.taken >= set(range(4, 20))
    assert walked.cursor == "19"


def test_a_page_that_is_repeated_for_ever_ends_a_look():
    class Stuck(Server):
        def ask(self, *, max_id: str | None = None, min_id: str | None = None) -> Page:
            return super().ask(max_id=max_id, min_id=min_id) if self.well else super().ask()

    walked = Walked(Stuck(range(1, 400)), cursor="5")
    for _ in range(3):
        walked.look()
    assert len(walked.server.asked) == 6
    assert walked.cursor == "5"
    # As soon as it does what it should, nothing was lost.
    walked.server.well = True
    while walked.look().more:
        pass
    assert walked.taken >= set(range(6, 400))


def test_pages_that_never_end_take_turns_with_all_else():
    class Endless(Server):
        def ask(self, *, max_id: str | None = None, min_id: str | None = None) -> Page:
            self.asked.append((max_id, min_id))
            top = int(max_id or 10**9)
            return page_of(range(top - 1, top - 5, -1))

    walked = Walked(Endless([]), cursor="5")
    for _ in range(3):
        assert walked.look().more
    assert walked.cursor == "5"


@pytest.mark.parametrize("pinned_at", [0, 2, 4])
def test_pinned_posts_among_the_others_hide_none(pinned_at: int):
    """As with servers that put them in front."""

    class Pinning(Server):
        def page(self, posts: list[int]) -> Page:
            if posts and self.asked[-1] == (None, None):
                posts = [*posts[:pinned_at], 1, 2, *posts[pinned_at:]]
            return page_of(posts)

    walked = Walked(Pinning(range(1, 60), size=6), cursor="10")
    walked.look()
    assert walked.taken >= set(range(11, 60))
    assert walked.cursor == "59"


@given(
    posts=st.sets(st.integers(1, 300), max_size=120),
    size=st.integers(1, 10),
    cursor=st.integers(0, 300),
    limit=st.integers(0, 300),
    data=st.data(),
)
def test_whatever_single_pages_are_like_nothing_is_lost(posts, size, cursor, limit, data):
    """Pages shuffled, cut short or failing, at random: at the end all is seen."""

    class Moody(Server):
        def page(self, posts: list[int]) -> Page:
            moods = ["well"] if self.well else ["well", "well", "shuffled", "cut", "fails"]
            mood = data.draw(st.sampled_from(moods))
            if mood == "fails":
                raise TemporaryServerError("busy")
            if mood == "shuffled":
                return page_of(data.draw(st.permutations(posts)))
            if mood == "cut":
                return page_of(posts[: data.draw(st.integers(1, max(len(posts), 1)))])
            return page_of(posts)

    walked = Walked(Moody(posts, size), cursor=str(cursor), limit=limit)
    for _ in range(3):
        with suppress(TemporaryServerError):
            walked.look()
    walked.server.well = True
    while walked.look().more:
        pass
    assert walked.taken >= {post for post in posts if post > max(cursor, limit)}


def test_where_the_next_page_goes_on():
    assert edge_of(page_of([9, 8, 7])) == "7"
    assert edge_of(page_of([1, 9, 8, 7, 6])) == "7"  # what lies between 6 and 1 is on no page yet
    assert edge_of(page_of([1, 9])) == "9"
    assert edge_of(page_of([9, 8, 7]), older_than="8") == "7"
    assert edge_of(page_of([9, 8]), older_than="8") is None
    assert edge_of(page_of([])) is None
    unread = Page(statuses=(status_of(9), status_of(7)), unread=("8", "6"), oldest="6")
    assert edge_of(unread) == "7"


def test_newer_posts_are_those_that_the_look_before_did_not_see():
    walked = Walked(Server(range(1, 5)), cursor="1")
    assert walked.look().newer == ()
    walked.server.posts = [7, 6, *walked.server.posts]
    assert walked.look().newer == ("7", "6")
    assert walked.look().newer == ()


def test_a_page_of_posts_that_are_not_understood_is_gone_by_after_a_while():
    """It may be nonsense with an id of long ago, or hide what lies below it for good."""
    server = Server(range(1, 20), size=3)
    server.odd = {14, 15, 16}
    walked = Walked(server, cursor="5")
    before = walked.clock.monotonic()
    assert walked.look().cursor is None
    while walked.cursor == "5":
        walked.look()
    assert walked.clock.monotonic() - before > 590
    assert walked.taken >= set(range(6, 20)) - server.odd
