"""The command's options are those of openai-whisper, checked before anything is loaded."""

import argparse
import re
import sys

import pytest

from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.transcribe.options import parse, temperatures
from alternator.transcribe.parser import build_parser

# Decided by the configuration here, so that they are None unless given.
CONFIGURED = {"model", "model_dir", "device", "language", "task"}


@pytest.fixture
def openai_whisper_options(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Name and default of each option of openai-whisper's own command."""
    pytest.importorskip("whisper")
    command = sys.modules["whisper.transcribe"].cli
    parsers: list[argparse.ArgumentParser] = []

    def stop(parser: argparse.ArgumentParser) -> None:
        parsers.append(parser)
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", stop)
        with pytest.raises(InterruptedError):
            command()
    return {action.dest: action.default for action in parsers[0]._actions}


def test_every_option_of_openai_whisper_with_its_default(
    openai_whisper_options: dict[str, object],
) -> None:
    ours = {action.dest: action.default for action in build_parser()._actions}
    assert ours["condition_on_previous_text"] is None  # the engine's own way
    assert len(openai_whisper_options) == 34  # of the release in images/catalog.toml
    assert set(openai_whisper_options) <= set(ours)
    for name, default in openai_whisper_options.items():
        if name not in CONFIGURED | {"output_format", "condition_on_previous_text"}:
            assert ours[name] == default, name
    assert parse(["a.mp3"]).decoding == DecodingOptions(
        temperature=temperatures(0.0, 0.2), verbose=None
    )
    assert parse(["a.mp3"]).output.formats == ("txt", "vtt", "srt", "tsv", "json")


def test_temperatures_are_those_of_openai_whisper() -> None:
    numpy = pytest.importorskip("numpy")
    for first, increment in ((0.0, 0.2), (0.5, 0.3), (1.0, 0.2), (0.0, 1.0)):
        expected = tuple(numpy.arange(first, 1.0 + 1e-6, increment).tolist())
        assert temperatures(first, increment) == expected
    assert temperatures(0.3, None) == (0.3,)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: FILE"),
        (["--nonsense", "a.mp3"], "unrecognized arguments: --nonsense"),
        (["--beam_size", "0", "a.mp3"], "--beam_size: '0' is no whole number from 1 on"),
        (["--verbose", "maybe", "a.mp3"], "--verbose: 'maybe' is neither True nor False"),
        (["--temperature", "nan", "a.mp3"], "--temperature: 'nan' is no number"),
        (["--length_penalty", "2", "a.mp3"], "--length_penalty: '2' is not from 0 to 1"),
        (["--suppress_tokens", "a,b", "a.mp3"], "--suppress_tokens: 'a' is no whole number"),
        (["--clip_timestamps", "0,x", "a.mp3"], "--clip_timestamps: 'x' is no number"),
        (["--clip_timestamps", "0,,5", "a.mp3"], "--clip_timestamps: '' is no number"),
        (["--highlight_words", "True", "a.mp3"], "--highlight_words requires --word_timestamps"),
        (["--patience", "1", "--beam_size", "None", "a.mp3"], "--patience requires --beam_size"),
        (["-o", "-", "-f", "all", "a.mp3"], "--output_dir - takes one --output_format"),
        (["--speakers", "2", "a.mp3"], "--speakers requires --diarize"),
        (["--diarize", "--speakers", "0", "a.mp3"], "is no whole number from 1 on"),
        (["-f", "docx", "a.mp3"], "invalid choice: 'docx'"),
    ],
)
def test_wrong_usage(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_speakers() -> None:
    assert parse(["x.mp3"]).speakers is None
    assert parse(["x.mp3", "--diarize"]).speakers == SpeakerOptions(count=None)
    assert parse(["x.mp3", "--diarize", "--speakers", "3"]).speakers == SpeakerOptions(count=3)


def test_standard_output_is_for_the_transcript_alone() -> None:
    arguments = parse(["-o", "-", "a.mp3"])
    assert arguments.output.directory is None and arguments.output.formats == ("txt",)
    assert arguments.decoding.verbose is None and not arguments.shows_lines


def test_values() -> None:
    given = "--best_of None --word_timestamps true --max_line_width 40 --task translate a b"
    arguments = parse(given.split())
    assert arguments.decoding.best_of is None
    assert arguments.decoding.word_timestamps is True
    assert arguments.output.layout.max_line_width == 40
    assert (arguments.overrides.task, arguments.inputs) == ("translate", ("a", "b"))


@pytest.mark.parametrize(
    ("text", "numbers"), [("", ()), ("5", (5.0,)), ("0,7.5,10", (0.0, 7.5, 10.0))]
)
def test_clips(text: str, numbers: tuple[float, ...]) -> None:
    assert parse([f"--clip_timestamps={text}", "a.mp3"]).decoding.clip_timestamps == numbers


@pytest.mark.parametrize(("text", "ids"), [("", ()), ("-1", (-1,)), ("-1, 50257", (-1, 50257))])
def test_suppressed_tokens(text: str, ids: tuple[int, ...]) -> None:
    assert parse([f"--suppress_tokens={text}", "a.mp3"]).decoding.suppress_tokens == ids


def test_help_is_worded_for_every_group() -> None:
    text = build_parser().format_help()
    assert text.startswith(
        "usage: alternator transcribe [OPTION ...] FILE|FOLDER|PATTERN|URL|- ..."
    )
    assert re.findall(r"^(\w+):$", text, re.MULTILINE) == [
        "options",
        "output",
        "speech",
        "decoding",
        "examples",
    ]
    assert [action.dest for action in build_parser()._actions if not action.help] == []
