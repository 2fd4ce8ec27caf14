"""The command line of ``alternator serve``."""

from pathlib import Path

import pytest

from alternator.serve.options import ServeOptions, parse


def test_the_defaults() -> None:
    assert parse([]) == ServeOptions()


def test_every_option() -> None:
    words = (
        "--host 0.0.0.0 --port 80 --model base --model mine.pt --config a.toml --engine openai "
        "--device cuda:1 --threads 2 --tokens t.toml --models 5 --requests 9 --upload-mb 25 "
        "--minutes 30 --idle-minutes 5 --grace-seconds 8 --fetch --origin https://a.example"
    )
    assert parse(words.split()) == ServeOptions(
        host="0.0.0.0",
        port=80,
        models=("base", "mine.pt"),
        config=Path("a.toml"),
        engine="openai",
        device="cuda:1",
        threads=2,
        tokens=Path("t.toml"),
        most_models=5,
        most_requests=9,
        most_upload=25_000_000,
        most_minutes=30,
        idle_minutes=5,
        grace_seconds=8,
        fetch=True,
        origins=("https://a.example",),
    )


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--port=65536", "is no port"),
        ("--requests=0", "--requests"),
        ("--models=none", "--models"),
        ("base", "unrecognized arguments: base"),
    ],
)
def test_what_makes_no_sense(argument: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([argument])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err
