import pytest

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.parse_people import parse_accounts, parse_scopes, profile_of, tags_of


def test_tags_are_compared_without_their_sign_and_case():
    assert tags_of({"tags": [{"name": "NoAI"}, {"name": "#Straße"}, {"url": "x"}, 7]}) == {
        "noai",
        "strasse",
    }


@pytest.mark.parametrize("tags", [None, "noai", {}, []])
def test_tags_of_another_form_are_none(tags: object):
    assert tags_of({"tags": tags}) == frozenset()


def test_a_profile_is_its_note_and_its_fields():
    fields = [{"name": "Bots", "value": "<b>#nobot</b>"}, {"value": None}]
    assert profile_of({"note": "<p>Me</p>", "fields": fields}) == (
        "<p>Me</p><br>Bots<br><b>#nobot</b>"
    )
    assert profile_of({"note": None, "fields": None}) == ""


def test_accounts_are_a_list():
    assert parse_accounts([{"id": "1"}, {"id": 2}]) == {"1", "2"}
    with pytest.raises(UnexpectedAnswerError):
        parse_accounts({"error": "no"})


@pytest.mark.parametrize(
    ("answer", "scopes"),
    [({"scopes": ["read"]}, {"read"}), ({"scopes": []}, None), ({"name": "An app"}, None)],
)
def test_scopes_may_not_be_told(answer: object, scopes: set[str] | None):
    assert parse_scopes(answer) == scopes
