"""Real pictures by the sandbox's endpoint, real speech by the small Whisper."""

import http.server
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback import listening

from alternator.describe.cli import main
from alternator.errors import ConfigError
from probe.exit_codes import ExitCode
from sandbox.vision.server import VisionServer

SEEN = "320 by 200 pixels"


@pytest.fixture
def words(tmp_path: Path, vision: VisionServer, checkpoint: Path) -> list[str]:
    """A configuration without an account."""
    path = tmp_path / "alternator.toml"
    path.write_text(
        f'[openrouter]\nbase_url = "{vision.base_url}"\nmodel = "pixels"\n'
        f'[whisper]\nmodel = "{checkpoint}"\nmin_confidence = 0\n'
    )
    return ["--config", str(path)]


def test_a_picture_is_described(
    words: list[str], picture: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([*words, str(picture)]) == 0
    out, err = capsys.readouterr()
    assert SEEN in out
    assert out.endswith("Described by pixels\n")
    assert err == ""
    assert main([*words, "--language", "de", str(picture)]) == 0
    assert "Described by" not in capsys.readouterr().out


def test_each_file_has_its_result_and_one_that_fails_stops_no_other(
    words: list[str], picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = tmp_path / "notes.txt"
    text.write_text("No picture at all, and nothing that anybody could hear in it.")
    missing = tmp_path / "missing.png"
    files = [str(missing), str(text), str(picture)]
    assert main([*words, "--json", *files]) == ExitCode.FAILED
    found = json.loads(capsys.readouterr().out)
    assert [line["file"] for line in found] == files
    assert [line["description"] is None for line in found] == [True, True, False]
    assert "does not exist" in found[0]["error"]
    assert "is no picture, audio or video file" in found[1]["error"]
    assert (found[2]["kind"], found[2]["error"]) == ("image", None)
    assert main([*words, *files]) == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert out.startswith(f"{picture}:\n")
    assert err.count("alternator describe: ") == 2


def test_speech_is_written_down(
    words: list[str],
    speak: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
):
    assert main([*words, "--json", str(speak("Hello from the recording."))]) == 0
    (line,) = json.loads(capsys.readouterr().out)
    assert line["description"].endswith("Whisper fixture")


def test_an_address_is_fetched_by_the_rules_of_media(
    words: list[str], picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def handler(*arguments: object) -> http.server.SimpleHTTPRequestHandler:
        return http.server.SimpleHTTPRequestHandler(*arguments, directory=str(picture.parent))  # type: ignore[arg-type]  # as the server calls it

    with listening(handler) as url:
        # Of no server's network: a public address alone may be asked.
        assert main([*words, f"{url}/{picture.name}"]) == ExitCode.FAILED
        assert "private network" in capsys.readouterr().err
        path = Path(words[1])
        path.write_text(
            path.read_text() + f'[mastodon]\ninstance_url = "{url}"\naccess_token = "sandbox"\n'
        )
        assert main([*words, f"{url}/{picture.name}"]) == 0
        assert SEEN in capsys.readouterr().out
        assert main([*words, f"{url}/none.png"]) == ExitCode.FAILED
        assert "HTTP 404" in capsys.readouterr().err


def test_what_is_turned_off_is_named(
    tmp_path: Path, picture: Path, clip: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "alternator.toml"
    path.write_text("[whisper]\nenabled = false\n")
    assert main(["--config", str(path), str(picture), str(clip)]) == ExitCode.FAILED
    err = capsys.readouterr().err
    assert "set [vision] api_key" in err
    assert "[whisper] enabled is false" in err


def test_what_is_too_large_is_left(
    words: list[str], picture: Path, capsys: pytest.CaptureFixture[str]
):
    with picture.open("ab") as file:
        file.truncate(11 * 2**20)
    assert main([*words, str(picture)]) == ExitCode.FAILED
    assert "is larger than 10 MB" in capsys.readouterr().err


def test_a_mistyped_key_and_a_limit_that_is_none_are_told(words: list[str], picture: Path):
    with pytest.raises(ConfigError, match="--limit"):
        main([*words, "--limit", "0", str(picture)])
    path = Path(words[1])
    path.write_text(path.read_text() + "[media]\nmax_sise_mb = 3\n")
    with pytest.raises(ConfigError, match="max_sise_mb"):
        main([*words, str(picture)])


def test_texts_are_what_the_bot_is_told_to_make_and_nothing_is_kept(
    words: list[str],
    picture: Path,
    speak: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    kept = tmp_path / "transcripts"
    with Path(words[-1]).open("a") as file:
        file.write(f'[descriptions]\ndescription_limit = 60\ntranscripts_directory = "{kept}"\n')
    files = [str(picture), str(speak("Hello from the recording."))]
    assert main([*words, "--json", *files]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert [len(line["description"]) <= 60 for line in lines] == [True, True]
    assert not kept.exists()
