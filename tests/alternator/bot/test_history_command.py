import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alternator.bot.history_command import main
from alternator.bot.undo_command import main as undo
from alternator.errors import UndoRefusedError
from alternator.store.opening import NothingRememberedError
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
Configured = Callable[[Any], list[str]]


@pytest.mark.usefixtures("signals")
def test_what_was_written_is_shown_for_people_and_for_programs(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    posts = [server.post("Look", files=[picture])["id"] for _ in range(3)]
    bot = make_bot()
    bot.once()
    words = configured(bot)
    texts = {post: server.descriptions(post)[0] for post in posts}
    assert undo([*words, posts[1]]) == 0
    capsys.readouterr()

    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {entry["post"]: (entry["outcome"], entry["text"]) for entry in found} == {
        posts[0]: ("written", texts[posts[0]]),
        posts[1]: ("undone", texts[posts[1]]),
        posts[2]: ("written", texts[posts[2]]),
    }
    assert all(entry["before"] is None and entry["sent"].endswith("+00:00") for entry in found)

    address = f"{server.url}/@demo/{posts[1]}"
    assert main([*words, "--post", address]) == 0
    out = capsys.readouterr().out
    assert f"post {posts[1]}, attachment" in out
    assert "(image): taken back" in out
    assert "before: no description" in out
    assert str(texts[posts[1]]).splitlines()[0] in out
    assert posts[0] not in out

    assert main([*words, "--count", "1"]) == 0
    assert capsys.readouterr().out.count("post ") == 1
    assert main([*words, "--post", "12"]) == 0
    assert capsys.readouterr().out == "nothing was written into post 12\n"


def test_answers_to_others_are_shown_as_what_they_are(
    server: SandboxServer,
    make_bot: MakeBot,
    configured: Configured,
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    bot = make_bot(others={"enabled": True})
    bot.once()
    own = server.post("Look", files=[picture])["id"]
    theirs = server.post("@demo", files=[picture], token="neighbour")["id"]
    bot.once()
    (answer,) = server.replies(theirs)
    words = configured(bot)
    assert main([*words, "--json"]) == 0
    found = {entry["post"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert found[own]["outcome"] == "written" and found[own]["answers"] == []
    assert found[theirs]["outcome"] == "answered"
    assert found[theirs]["reason"] == "asked for by @neighbour"
    assert found[theirs]["answers"] == [answer["id"]]
    assert main([*words, "--post", theirs]) == 0
    out = capsys.readouterr().out
    assert f"post {theirs}, asked for by @neighbour: answered in {answer['id']}\n" in out
    assert out.count("post ") == 1
    with pytest.raises(UndoRefusedError, match="nothing was written into post"):
        undo([*words, theirs])


def test_where_no_bot_was_that_is_said(make_bot: MakeBot, configured: Configured):
    with pytest.raises(NothingRememberedError, match="no bot was started"):
        main(configured(make_bot()))


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_a_count_is_a_number_of_entries(number: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["--count", number])
    assert ended.value.code == 2
    assert "argument --count" in capsys.readouterr().err
