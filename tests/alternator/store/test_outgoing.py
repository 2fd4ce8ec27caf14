"""What is posted in parts: what every home of the store must do with it."""

import pytest
from clock import Clock

from alternator.store.asked import KEPT_SECONDS
from alternator.store.interface import Store
from alternator.store.outgoing import Outgoing, Outgoings

KEY = "reply:5:51,52"


@pytest.fixture
def outgoing(store: Store) -> Outgoings:
    return store.use_account("https://social.example", "7").outgoing


def test_what_is_sent_goes_on_as_it_was_begun(outgoing: Outgoings, clock: Clock):
    at = clock()
    assert outgoing.of(KEY) is None
    assert outgoing.sending(KEY, ["one", "two"]) == Outgoing(
        parts=("one", "two"), posts=(), is_new=True, at=at
    )
    outgoing.sent(KEY, 0, "71")
    outgoing.sent(KEY, 0, "71")
    clock.now += 60
    again = outgoing.sending(KEY, ["other words"])
    assert again == Outgoing(parts=("one", "two"), posts=("71",), is_new=False, at=at)
    assert not again.is_done
    outgoing.sent(KEY, 1, "72")
    done = outgoing.of(KEY)
    # What was said is not kept.
    assert done == Outgoing(parts=(), posts=("71", "72"), is_new=False, at=at)
    assert done is not None and done.is_done


def test_parts_that_were_deleted_unseen_are_told_apart(outgoing: Outgoings):
    outgoing.sending(KEY, ["one", "two", "three"])
    for number, post in enumerate(("", "", "73")):
        outgoing.sent(KEY, number, post)
    found = outgoing.of(KEY)
    assert found is not None and found.posts == ("", "", "73") and found.is_done


def test_what_is_taken_back_is_done_with(outgoing: Outgoings):
    outgoing.sending(KEY, ["one", "two"])
    outgoing.sent(KEY, 0, "71")
    outgoing.end(KEY)
    found = outgoing.of(KEY)
    assert found is not None and found.is_done and found.parts == found.posts == ()


def test_all_of_a_post_is_found_by_how_its_keys_begin(outgoing: Outgoings, store: Store):
    outgoing.sending(KEY, ["one"])
    outgoing.sending("reply:5:53", ["one"])
    outgoing.sending("reply:55:9", ["one"])
    outgoing.sent("reply:5:53", 0, "71")
    assert {key: one.posts for key, one in outgoing.begun("reply:5:").items()} == {
        KEY: (),
        "reply:5:53": ("71",),
    }
    other = store.use_account("https://social.example", "8").outgoing
    assert other.begun("reply:") == {}


def test_what_is_done_with_is_forgotten_after_a_long_time(outgoing: Outgoings, clock: Clock):
    outgoing.sending(KEY, ["words"])
    outgoing.sent(KEY, 0, "71")
    outgoing.sending("reply:6:61", ["words", "more"])
    clock.now += KEPT_SECONDS + 1
    outgoing.sending("reply:7:71", ["words"])
    assert outgoing.of(KEY) is None
    assert outgoing.of("reply:6:61") is not None
