"""The command line of ``alternator serve``."""

from pathlib import Path

import pytest

from alternator.errors import ConfigError
from alternator.serve.options import ServeOptions, parse, wyoming_host


def test_the_defaults() -> None:
    assert parse([]) == ServeOptions()


def test_every_option() -> None:
    words = (
        "--host 0.0.0.0 --port 80 --wyoming-host ::1 --wyoming-port 10300 "
        "--model base --model mine.pt --config a.toml --engine openai "
        "--device cuda:1 --threads 2 --tokens t.toml --models 5 --requests 9 --upload-mb 25 "
        "--minutes 30 --idle-minutes 5 --grace-seconds 8 --fetch --origin https://a.example"
    )
    assert parse(words.split()) == ServeOptions(
        host="0.0.0.0",
        port=80,
        wyoming_host="::1",
        wyoming_port=10300,
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
        ("--wyoming-host=::1", "give both"),
        ("base", "unrecognized arguments: base"),
    ],
)
def test_what_makes_no_sense(argument: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([argument])
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_wyoming_is_no_way_around_the_tokens_unless_its_address_is_named() -> None:
    assert wyoming_host(parse(["--host", "::1", "--wyoming-port", "10300"])) == "::1"
    with pytest.raises(ConfigError, match="name the address where it may be used"):
        wyoming_host(parse(["--tokens", "t.toml", "--wyoming-port", "10300"]))
    named = "--tokens t.toml --wyoming-port 10300 --wyoming-host 192.0.2.1"
    assert wyoming_host(parse(named.split())) == "192.0.2.1"
    assert wyoming_host(parse(["--tokens", "t.toml"])) == "127.0.0.1"
