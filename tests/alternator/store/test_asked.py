"""What others ask for: what every home of the store must do with it."""

from dataclasses import replace

import pytest
from clock import Clock

from alternator.store.asked import KEPT_SECONDS, Asked, Asking, Consent, answer_key
from alternator.store.interface import Store

HOUR = 3600.0
ONE = Asking(status_id="5", asker="8", author="8", address="@a", below="6", is_open=True)


@pytest.fixture
def asked(store: Store) -> Asked:
    return store.use_account("https://social.example", "7").asked


def test_what_a_person_wants_is_kept_and_their_choice_with_it(asked: Asked, store: Store):
    assert asked.consent("8") is None
    asked.set_consent(Consent(person="8", wish="all", how="suggestion"))
    asked.set_consent(Consent(person="8", wish="asked"))
    assert asked.consent("8") == Consent(person="8", wish="asked", how="suggestion")
    asked.set_consent(Consent(person="9", wish="all"))
    assert (asked.people("all"), asked.people("stopped")) == ({"9"}, frozenset())
    assert store.use_account("https://social.example", "other").asked.consent("8") is None


def test_a_post_is_asked_about_once(asked: Asked, clock: Clock):
    asked.ask(ONE)
    asked.ask(replace(ONE, asker="9", address="@b"))
    assert asked.asking("5") == replace(ONE, at=clock())
    assert asked.open() == [replace(ONE, at=clock())]
    asked.close("5", "answered")
    asked.ask(replace(ONE, asker="9"))
    assert asked.open() == []
    assert asked.numbers() == {"answered": 1}


def test_one_that_came_to_nothing_can_be_asked_about_again(asked: Asked):
    asked.ask(ONE)
    asked.close("5", "dropped")
    asked.ask(replace(ONE, asker="9"))
    assert [one.asker for one in asked.open()] == ["9"]


def test_one_that_waits_waits_no_longer_when_it_is_asked_for_by_itself(asked: Asked, clock: Clock):
    asked.ask(replace(ONE, for_all=True, not_before=clock() + 60))
    asked.ask(replace(ONE, for_all=True, not_before=clock() + 90))
    assert asked.open()[0].not_before == clock() + 60
    asked.ask(ONE)
    assert (asked.open()[0].not_before, asked.open()[0].for_all) == (0.0, False)


def test_what_was_taken_on_is_counted_for_each_and_for_all(asked: Asked, clock: Clock):
    asked.ask(ONE)
    clock.now += HOUR
    asked.ask(replace(ONE, status_id="51"))
    asked.ask(replace(ONE, status_id="52", asker="9"))
    since = clock() - HOUR
    assert (asked.asked_since(since), asked.asked_since(since, "9")) == (2, 1)
    clock.now -= 10 * HOUR
    assert asked.asked_since(clock() - HOUR) == 0  # a clock that was set ahead holds nothing up


def test_texts_wait_until_their_post_is_done_with(asked: Asked):
    asked.ask(ONE)
    assert asked.texts("5") == asked.texts("unknown") == {}
    asked.keep_texts("5", {"a": "A boat"})
    assert asked.texts("5") == {"a": "A boat"}
    asked.close("5", "answered")
    assert asked.texts("5") == {}


def test_answers_are_listed_with_their_posts(asked: Asked, store: Store, clock: Clock):
    outgoing = store.use_account("https://social.example", "7").outgoing
    for status_id in ("5", "51", "52"):
        asked.ask(replace(ONE, status_id=status_id))
        clock.now += 1
    began = clock()
    for status_id in ("5", "52"):
        clock.now += 1
        outgoing.sending(answer_key(status_id), ["words", "words that their author deleted"])
        outgoing.sent(answer_key(status_id), 0, f"7{status_id}")
        outgoing.sent(answer_key(status_id), 1, "")
        asked.close(status_id, "answered")
    assert [(one.asking.status_id, one.posts, one.at - began) for one in asked.answers(5)] == [
        ("52", ("752",), 2.0),
        ("5", ("75",), 1.0),
    ]
    assert [one.asking.status_id for one in asked.answers(1)] == ["52"]
    assert [one.asking.status_id for one in asked.answers(5, status_id="5")] == ["5"]
    assert asked.answers(5, status_id="51") == []


def test_places_are_kept(asked: Asked):
    assert asked.place("notices") is None
    asked.set_place("notices", "")
    assert asked.place("notices") == ""
    asked.set_place("notices", "9")
    asked.set_place("home", "3")
    assert (asked.place("notices"), asked.place("home")) == ("9", "3")


def test_what_is_done_with_is_forgotten_after_a_long_time(asked: Asked, clock: Clock):
    asked.ask(ONE)
    asked.ask(replace(ONE, status_id="50"))
    asked.close("5", "answered")
    clock.now += KEPT_SECONDS + 1
    asked.ask(replace(ONE, status_id="51"))
    assert asked.asking("5") is None
    assert asked.asking("50") is not None
