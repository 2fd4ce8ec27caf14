"""The ``alternator`` command: finds the sub-command among the registered ones and runs it.

Sub-commands are entry points of the group ``alternator.commands``, so no package imports another
for the sake of the command line, and only the sub-command asked for is imported. An image holds
fewer packages than a checkout: what is not installed does not show up.
"""

import os
import sys
from importlib.metadata import EntryPoint, distribution
from importlib.util import find_spec

from probe.errors import UserError

GROUP = "alternator.commands"


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command and return its exit code; 2 for a usage error."""
    arguments = sys.argv[1:] if argv is None else argv
    commands = installed_commands()
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage(commands))
        return 0
    if arguments[0] in ("-V", "--version"):
        print(f"alternator {distribution('alternator').version}")
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in commands:
        print(
            f"alternator: no command {name!r} here; there are: {', '.join(sorted(commands))}",
            file=sys.stderr,
        )
        return 2
    return run(commands[name], rest)


def run(command: EntryPoint, argv: list[str]) -> int:
    """Run one entry point; errors meant for a person become one line and an exit code."""
    try:
        exit_code: int = command.load()(argv)
        sys.stdout.flush()
    except UserError as error:
        print(f"alternator {command.name}: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        print(
            f"alternator {command.name}: the Python package {error.name!r} is not installed here; "
            f"install the project's extras (pip install 'alternator[host,bot,whisper]') "
            f"or use the container image",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) went away: nothing to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return exit_code


def installed_commands() -> dict[str, EntryPoint]:
    """The registered sub-commands whose package is installed here, by name."""
    return {
        entry.name: entry
        for entry in distribution("alternator").entry_points
        if entry.group == GROUP and find_spec(entry.module.partition(".")[0]) is not None
    }


def usage(commands: dict[str, EntryPoint]) -> str:
    """The help text: one line for each sub-command that can be loaded here."""
    lines = ["usage: alternator COMMAND [OPTION ...]", "", "commands:"]
    for name, entry in sorted(commands.items()):
        try:
            summary = (entry.load().__doc__ or "").strip().partition("\n")[0]
        except ModuleNotFoundError:
            continue
        lines.append(f"  {name:<12}{summary}")
    lines += ["", "'alternator COMMAND --help' tells more about one of them."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
