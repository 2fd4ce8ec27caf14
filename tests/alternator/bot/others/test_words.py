import pytest

from alternator.bot.others.words import Command, command_of, help_for, no_consent
from alternator.config.others import OthersSettings

USUAL = OthersSettings()


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("describe my posts", Command(wish="all")),
        ("  Describe my posts! ", Command(wish="all")),
        ("describe my posts, suggest", Command(wish="all", how="suggestion")),
        ("describe my posts\nreply", Command(wish="all", how="reply")),
        ("Suggest.", Command(how="suggestion")),
        ("STOP", Command(wish="stopped")),
        ("describe my posts. stop", Command(wish="stopped")),
        ("stop, describe my posts", Command(wish="stopped")),
        ("please don't describe my posts", None),
        ("stop it", None),
        ("describe my posts, won't you", None),
        ("", None),
        ("...", None),
    ],
)
def test_a_message_is_a_wish_only_if_all_of_it_is_understood(words: str, command: Command | None):
    assert command_of(words, USUAL) == command


def test_the_words_are_the_operators():
    settings = OthersSettings(all_words=("beschreibe alles",), stop_words=("schluss", "halt"))
    assert command_of("Beschreibe alles", settings) == Command(wish="all")
    assert command_of("Halt!", settings) == Command(wish="stopped")
    assert command_of("stop", settings) is None
    assert '"beschreibe alles"' in help_for(settings)
    assert '"schluss"' in help_for(settings)


def test_what_can_t_be_asked_for_is_not_offered():
    settings = OthersSettings(all_posts=False, stop_words=(), reply_words=())
    for said in (help_for(settings), no_consent(settings)):
        assert "describe my posts" not in said
    assert "Write" not in help_for(settings)
