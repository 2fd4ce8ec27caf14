from dataclasses import replace
from pathlib import Path

import pytest

from alternator.accounts.oauth import App
from alternator.config.conduct import MessageSettings, ModeSettings, PaceSettings
from alternator.config.descriptions import DescriptionSettings
from alternator.config.models import VisionSettings
from alternator.config.others import OthersSettings
from alternator.config.settings import BalanceSettings, Config, MastodonSettings
from alternator.config.signup import SignupSettings
from alternator.errors import KeyMismatchError
from alternator.members.cipher import Cipher, new_key
from alternator.members.config_of import config_of, posts_an_hour
from alternator.members.credentials import Credentials, sealed
from alternator.store.cluster import Enrolled

CIPHER = Cipher(new_key())
TOKEN = "a-token-of-a-member"
BASE = Config(
    mastodon=MastodonSettings(instance_url="https://home.example", access_token=""),
    modes=ModeSettings(private="review"),
    vision=VisionSettings(api_key="k"),
    descriptions=DescriptionSettings(
        style="Short.", language="en", length=300, transcripts_directory=Path("/transcripts")
    ),
    messages=MessageSettings(budget=True, gpu=True, to="@operator", access_token="t"),
    others=OthersSettings(enabled=True),
    balance=BalanceSettings(enabled=True),
    signup=SignupSettings(server=("https://home.example",)),
)


def entry(server: str = "https://home.example", **choices: object) -> Enrolled:
    credentials = Credentials(token=TOKEN, app=App(client_id="i", client_secret="s"))
    return Enrolled(
        key="member:1",
        source="member",
        server=server,
        handle="ann@home.example",
        token=sealed(credentials, CIPHER),
        settings={"choices": choices},
    )


def test_what_is_the_member_s_takes_the_place_of_the_operator_s():
    config = config_of(
        BASE,
        entry(language="de", style="Dry.", mode="review", visibilities=["public"]),
        CIPHER,
    )
    assert config.mastodon == replace(
        BASE.mastodon, access_token=TOKEN, mode="review", visibilities=("public",)
    )
    assert config.account == "ann@home.example"
    # A mode that is chosen holds for all posts.
    assert config.modes == ModeSettings()
    assert config.descriptions == DescriptionSettings(style="Dry.", language="de", length=300)
    assert config.vision == BASE.vision and config.state == BASE.state


def test_without_a_choice_the_operator_s_holds():
    config = config_of(BASE, entry(), CIPHER)
    assert config.mastodon == replace(BASE.mastodon, access_token=TOKEN)
    assert config.modes == BASE.modes
    assert config.descriptions == replace(BASE.descriptions, transcripts_directory=None)


def test_what_is_the_operator_s_own_is_left_out():
    config = config_of(BASE, entry(), CIPHER)
    assert (config.others, config.balance) == (OthersSettings(), BalanceSettings())
    assert config.messages == MessageSettings(budget=True, access_token="t")
    elsewhere = config_of(BASE, entry("https://other.example"), CIPHER)
    assert elsewhere.mastodon.instance_url == "https://other.example"
    assert elsewhere.messages.access_token is None


@pytest.mark.parametrize(
    ("members", "all_accounts", "expected"), [(0, 0, 0), (5, 0, 5), (0, 7, 7), (5, 7, 5), (9, 7, 7)]
)
def test_a_member_s_hour_has_room_for_so_many(members: int, all_accounts: int, expected: int):
    base = replace(
        BASE,
        signup=SignupSettings(posts_an_hour=members),
        pace=PaceSettings(edits_per_hour=all_accounts, descriptions_per_hour=3),
    )
    assert posts_an_hour(base) == expected
    pace = config_of(base, entry(), CIPHER).pace
    assert pace == PaceSettings(edits_per_hour=expected, descriptions_per_hour=3)


def test_a_key_that_does_not_fit_names_the_member():
    with pytest.raises(KeyMismatchError, match=r"of ann@home.example") as caught:
        config_of(BASE, entry(), Cipher(new_key()))
    assert TOKEN not in str(caught.value)
    with pytest.raises(KeyMismatchError, match=r"no token is kept of ann@home.example"):
        config_of(BASE, replace(entry(), token=None), CIPHER)


@pytest.mark.parametrize("text", ["", "[]", '["a", "b"]', '["a", "b", 3]', '{"a": 1}'])
def test_what_is_no_token_is_said(text: str):
    broken = replace(entry(), token=CIPHER.seal("token", text))
    with pytest.raises(KeyMismatchError, match=r"ann@home.example is not what it should be"):
        config_of(BASE, broken, CIPHER)
