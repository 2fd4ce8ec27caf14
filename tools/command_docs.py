"""Writes the man page and the shells' completion: ``python -m tools.command_docs [--check]``.

Both come from the commands' own parsers, so they say what ``--help`` says. A command builds its
parser where it reads its options, so it is started without any and stopped there.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import shtab

from alternator import cli
from probe.command_help import EXAMPLES
from probe.exit_codes import ExitCode
from tools.write_or_check import CHECKOUT, write_or_check

MAN_PAGE = CHECKOUT / "docs" / "alternator.1"
COMPLETIONS = CHECKOUT / "alternator" / "completions"
SHELLS = ("bash", "zsh", "fish")
SUMMARY = "describes the pictures and speech in your Mastodon posts"


class Asked(BaseException):  # no handler of the command's may take it for an error
    """A command was about to read its options with this parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


@contextmanager
def plain_width() -> Iterator[None]:
    """Help is broken into lines as on any terminal, and into the same ones everywhere."""
    with patch.dict(os.environ, {"COLUMNS": "80"}):
        yield


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, by its name."""

    def stop(parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        raise Asked(parser)

    found = {}
    with plain_width(), patch.object(argparse.ArgumentParser, "parse_args", stop):
        for name, target in sorted(cli.installed_commands(cli.distribution()).items()):
            try:
                cli.load(target)([])
            except Asked as asked:
                found[name] = asked.parser
    return found


def whole(commands: dict[str, argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """One parser with all commands as its sub-commands, for the shells."""
    root = argparse.ArgumentParser(prog="alternator", description=SUMMARY)
    root.add_argument("-V", "--version", action="store_true", help="show the version")
    below = root.add_subparsers(metavar="COMMAND")
    for name, parser in commands.items():
        summary = (parser.description or "").partition(". ")[0].replace("\n", " ")
        below.add_parser(name, parents=[parser], add_help=False, help=summary)
    return root


def completion(shell: str, commands: dict[str, argparse.ArgumentParser]) -> str:
    """The script of a shell."""
    with plain_width():
        script: str = shtab.complete(whole(commands), shell=shell)
    return f"{script.rstrip()}\n"


def man_page(commands: dict[str, argparse.ArgumentParser]) -> str:
    """The page, in the macros of man(7): https://man7.org/linux/man-pages/man7/man.7.html"""
    lines = [
        ".\\\" Made by `python -m tools.command_docs` from the commands' own parsers.",
        '.TH ALTERNATOR 1 "" "Alternator" "User Commands"',
        ".SH NAME",
        f"alternator \\- {escaped(SUMMARY)}",
        ".SH SYNOPSIS",
        ".B alternator",
        ".I COMMAND",
        "[\\fIOPTION\\fR ...]",
        ".SH COMMANDS",
    ]
    with plain_width():
        for name, parser in commands.items():
            lines += section(name, parser)
    lines += [
        ".SH EXIT STATUS",
        "A number means the same in every command.",
        ".TP",
        "0",
        "it worked",
    ]
    for code in ExitCode:
        lines += [".TP", str(code.value), escaped(code.meaning)]
    lines += [
        ".SH FILES",
        ".TP",
        "alternator.toml",
        "the configuration: in the working directory, else in $XDG_CONFIG_HOME/alternator/",
    ]
    return "\n".join(lines) + "\n"


def section(name: str, parser: argparse.ArgumentParser) -> list[str]:
    """One command: what it is for, its options, its examples."""
    lines = [f".SS {escaped(name)}"]
    for paragraph in (parser.description or "").split("\n\n"):
        lines += [escaped(" ".join(paragraph.split())), ".PP"]
    lines += [".nf", *map(escaped, parser.format_usage().strip().splitlines()), ".fi"]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                lines += [".TP", f"\\fB{escaped(choice.dest)}\\fR", escaped(choice.help or "")]
        elif action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction):
            lines += [".TP", entry(parser, action), helped(parser, action)]
    if (parser.epilog or "").startswith(EXAMPLES):
        lines += [".PP", "Examples:", ".PP", ".nf"]
        lines += map(escaped, (parser.epilog or "").splitlines()[1:])
        lines += [".fi"]
    return lines


def entry(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """How an option or argument is typed."""
    formatter = parser._get_formatter()
    shown = formatter._format_action_invocation(action)
    return f"\\fB{escaped(shown)}\\fR"


def helped(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """What an option is for, as its help says it."""
    if not action.help:
        return "\\&"
    formatter = parser._get_formatter()
    return escaped(" ".join(formatter._expand_help(action).split()))


def escaped(text: str) -> str:
    """Text that is shown as it is: https://man7.org/linux/man-pages/man7/groff_char.7.html"""
    shown = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{shown}" if shown[:1] in (".", " ") else shown


def documents() -> dict[Path, str]:
    """The files by where they lie."""
    commands = parsers()
    return {MAN_PAGE: man_page(commands)} | {
        COMPLETIONS / f"alternator.{shell}": completion(shell, commands) for shell in SHELLS
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files, or fail if they are not current."""
    current = write_or_check(documents(), "run python -m tools.command_docs", argv)
    return 0 if current else ExitCode.STALE


if __name__ == "__main__":
    sys.exit(main())
