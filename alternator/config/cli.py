"""``alternator config``: check a configuration, bring one over, print the schema."""

import os
import sys
from pathlib import Path

from alternator.config.file import document_of
from alternator.errors import ConfigError
from probe.command_help import command_parser
from probe.exit_codes import ExitCode
from probe.machine.operator_config import FILE_NAME, find_config_file

EXAMPLES = (
    ("alternator config check", "what takes effect here, and what is wrong"),
    ("alternator config migrate old.toml --output alternator.toml", "a file of the Rust bot"),
    ("alternator config schema > alternator.schema.json", "for an editor"),
)


def main(argv: list[str]) -> int:
    """Check a configuration, or bring one of the Rust bot over."""
    parser = command_parser("alternator config", main.__doc__, EXAMPLES)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    checking = commands.add_parser("check", help="what takes effect, from where, what is wrong")
    checking.add_argument("--strict", action="store_true", help="a key without effect is a fault")
    migrating = commands.add_parser("migrate", help="write a file of the Rust bot as one of ours")
    migrating.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="a new file (default: standard output)"
    )
    commands.add_parser("schema", help="print the JSON Schema of alternator.toml")
    for one in (checking, migrating):
        one.add_argument("file", type=Path, nargs="?", metavar="FILE", help=f"default: {FILE_NAME}")
    arguments = parser.parse_args(argv)
    match arguments.command:
        case "check":
            return run_check(arguments.file, strict=arguments.strict)
        case "migrate":
            return run_migrate(arguments.file, arguments.output)
        case _:
            from alternator.config.schema import document

            print(document(), end="")
            return 0


def run_check(path: Path | None, *, strict: bool) -> int:
    """Print what takes effect to standard output, and what is to be said to standard error.

    2 where a start would end with a mistake; with ``strict`` 1 where something has no effect.
    """
    from alternator.config.check import check

    found = check(path, os.environ)
    for line in found.lines:
        print(line)
    for remark in found.remarks:
        print(remark, file=sys.stderr)
    for mistake in found.mistakes:
        print(f"mistake: {mistake}", file=sys.stderr)
    if found.mistakes:
        return ExitCode.USAGE
    return ExitCode.FAILED if strict and found.remarks else 0


def run_migrate(path: Path | None, output: Path | None) -> int:
    """Print or write the file as one of this bot's, and what was changed to standard error."""
    from alternator.config.migrate import migrated, write_new

    named = find_config_file(os.environ, str(path) if path else None)
    if named is None:
        raise ConfigError(f"there is no {FILE_NAME} here; name the Rust bot's file")
    file = Path(named)
    document_of(file)  # what can't be read, or is no TOML, is said as a start would say it
    found = migrated(file, file.read_bytes().decode("utf-8-sig"))
    if output is None:
        print(found.text, end="")
    else:
        write_new(output, found.text)
        print(f"written to {output}; {file} is as it was", file=sys.stderr)
    for change in found.changes:
        print(change, file=sys.stderr)
    return 0
