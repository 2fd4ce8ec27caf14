from dataclasses import replace

import pytest
from statuses import status

from alternator.bot.others.rules import OthersWanted, Refusal
from alternator.config.conduct import OptOutSettings
from alternator.mastodon.entities import Status
from alternator.store.asked import Asked, Asking, Consent, Wish
from alternator.store.interface import Store

AUTHOR, ASKER = "8", "9"
POST = status(id="5", account_id=AUTHOR)


@pytest.fixture
def asked(store: Store) -> Asked:
    return store.use_account("https://social.example", "7").asked


def consent(wish: Wish) -> Consent:
    return Consent(person=AUTHOR, wish=wish)


@pytest.mark.parametrize(
    ("post", "asker", "agreed", "refusal"),
    [
        (POST, AUTHOR, consent("asked"), None),
        (POST, ASKER, consent("asked"), None),
        (POST, ASKER, consent("all"), None),
        (POST, ASKER, None, "consent"),
        (POST, ASKER, consent("stopped"), "stopped"),
        (POST, AUTHOR, consent("stopped"), "stopped"),
        (replace(POST, by_bot=True), AUTHOR, consent("asked"), "bot"),
        (replace(POST, local_only=True), AUTHOR, consent("asked"), "local"),
        (replace(POST, visibility="private"), AUTHOR, consent("asked"), None),
        (replace(POST, visibility="private"), ASKER, consent("all"), "restricted"),
        (replace(POST, visibility="mutuals_only"), ASKER, consent("all"), "restricted"),
        (replace(POST, tags=frozenset({"nollm"})), AUTHOR, consent("asked"), "opted-out"),
        (replace(POST, profile="<p>#NoBot</p>"), AUTHOR, consent("all"), "opted-out"),
    ],
)
def test_who_may_ask_for_what(
    asked: Asked, post: Status, asker: str, agreed: Consent | None, refusal: Refusal | None
):
    wanted = OthersWanted(asked, OptOutSettings(), "authors")
    assert wanted.refusal(post, asker, agreed) == refusal


@pytest.mark.parametrize("agreed", [None, consent("asked"), consent("stopped")])
def test_all_posts_are_described_only_while_that_is_wished(asked: Asked, agreed: Consent | None):
    wanted = OthersWanted(asked, OptOutSettings(), "anyone")
    assert wanted.refusal(POST, AUTHOR, agreed, for_all=True) == "stopped"
    assert wanted.refusal(POST, AUTHOR, consent("all"), for_all=True) is None


def test_anyone_may_ask_but_for_who_said_stop(asked: Asked):
    wanted = OthersWanted(asked, OptOutSettings(), "anyone")
    assert wanted.refusal(POST, ASKER, None) is None
    assert wanted.refusal(POST, ASKER, consent("stopped")) == "stopped"


def test_what_was_taken_on_is_judged_again(asked: Asked):
    wanted = OthersWanted(asked, OptOutSettings(words=("keep out",)), "authors")
    assert wanted.reason_against(POST) == "nobody asks for it any more"
    asked.set_consent(consent("asked"))
    asked.ask(
        Asking(status_id="5", asker=AUTHOR, author=AUTHOR, address="@a", below="6", is_open=True)
    )
    assert wanted.reason_against(POST) is None
    assert wanted.reason_against(replace(POST, content="<p>Keep out</p>")) is not None
    asked.set_consent(consent("stopped"))
    assert wanted.reason_against(POST) == "its author has said stop"
    asked.close("5", "dropped")
    assert wanted.reason_against(POST) == "nobody asks for it any more"
