"""The ``alternator`` command: finds the sub-command among the registered ones and runs it.

Sub-commands are entry points of the group ``alternator.commands``, so no package imports another
for the sake of the command line, and only the sub-command asked for is imported. An image holds
fewer packages than a checkout: what is not installed does not show up.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

from probe.errors import UserError
from probe.exit_codes import ExitCode
from probe.machine.variables import DEBUG, LOCKS
from probe.universal.installed import LOCK_FOLDER, installed_build

GROUP = "[alternator.commands]"
DEBUG_VARIABLE = DEBUG

# What this project brings itself.
PACKAGES = ("alternator", "compose", "images", "probe", "sandbox", "tools")


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command and return its exit code; 2 for a usage error."""
    arguments = sys.argv[1:] if argv is None else argv
    metadata = distribution()
    commands = installed_commands(metadata)
    if arguments[:1] == ["help"] and len(arguments) > 1:
        arguments = [arguments[1], "--help"]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage(commands))
        return 0
    if arguments[0] in ("-V", "--version"):
        name = os.path.basename(metadata).removesuffix(".dist-info")
        print(f"alternator {name.partition('-')[2]}")
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in commands:
        from difflib import get_close_matches  # only a mistake pays for the import

        meant = "".join(
            f" (did you mean {near!r}?)" for near in get_close_matches(name, commands, 1)
        )
        print(
            f"alternator: no command {name!r} here{meant}; there are: "
            f"{', '.join(sorted(commands))}",
            file=sys.stderr,
        )
        return ExitCode.USAGE
    return run(name, commands[name], rest)


def run(name: str, target: str, argv: list[str]) -> int:
    """Run one sub-command; errors meant for a person become one line and an exit code."""
    see_installed_build()
    try:
        exit_code: int = load(target)(argv)
        sys.stdout.flush()
    except UserError as error:
        print(f"alternator {name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away: nothing to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (missing := foreign_package(error)):
            print(
                f"alternator {name}: the Python package {missing!r} is not installed here; "
                f"{remedy()}",
                file=sys.stderr,
            )
            return ExitCode.FAILED
        # A defect of ours. The traceback is for those who ask for it, the line for everybody.
        if os.environ.get(DEBUG_VARIABLE):
            raise
        print(
            f"alternator {name}: this should not have happened: {type(error).__name__}: {error} "
            f"({DEBUG_VARIABLE}=1 shows where; please report it)",
            file=sys.stderr,
        )
        return ExitCode.INTERNAL
    return exit_code


def see_installed_build() -> None:
    """In the universal image: have this process, and its children, find what came with torch.

    The entrypoint does that for the bot; a command beside it may have come without one.
    """
    build = installed_build(os.environ)
    if build is not None and build not in sys.path:
        sys.path.append(build)
        paths = [os.environ.get("PYTHONPATH"), build]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))


def remedy() -> str:
    """What to do where a package is missing."""
    if os.path.isdir(os.environ.get(LOCKS) or LOCK_FOLDER):
        return (
            "in this image it comes with the build of torch, which `alternator run`, `serve` and "
            "`transcribe` install"
        )
    return (
        "install the project's extras (in its checkout: pip install '.[host,bot,serve,whisper]') "
        "or use the container image"
    )


def foreign_package(error: ModuleNotFoundError) -> str | None:
    """The missing module, None where it is one of ours: no extra brings that."""
    package = (error.name or "").partition(".")[0]
    return error.name if package and package not in PACKAGES else None


def distribution() -> str:
    """The path of this distribution's ``.dist-info`` folder.

    Found by hand, since importlib.metadata takes 36 to 40 ms to import (``python -X importtime``,
    CPython 3.11.7 on two cores), four times as long as the interpreter takes to start, and this
    0.3 ms. What is read is laid down in
    https://packaging.python.org/en/latest/specifications/entry-points/#file-format.
    """
    for folder in sys.path:
        try:
            names = sorted(os.listdir(folder or "."))
        except OSError:
            continue
        for name in names:
            if name.startswith("alternator-") and name.endswith(".dist-info"):
                return os.path.join(folder, name)
    raise UserError("alternator is not installed: run `pip install .` in its checkout")


def installed_commands(metadata: str) -> dict[str, str]:
    """The sub-commands whose package is here: name to ``module:function``."""
    with open(os.path.join(metadata, "entry_points.txt"), encoding="utf-8") as file:
        text = file.read()
    section = text.partition(GROUP)[2].partition("\n[")[0]
    pairs = (line.partition("=") for line in section.splitlines() if "=" in line)
    commands = {name.strip(): target.strip() for name, _, target in pairs}
    return {
        name: target
        for name, target in commands.items()
        if spec_of(target.partition(".")[0]) is not None
    }


def spec_of(module: str) -> ModuleSpec | None:
    """Where a module is, None if it is not installed. Its parent packages are imported.

    An editable install maps packages by a finder of its own
    (https://setuptools.pypa.io/en/latest/userguide/development_mode.html), which the usual one
    does not ask. All are asked in a second look only, since it costs an import of 4 ms.
    """
    parent = module.rpartition(".")[0]
    path = import_module(parent).__path__ if parent else None
    found = PathFinder.find_spec(module, path)
    if found is not None:
        return found
    from importlib.util import find_spec

    return find_spec(module)


def load(target: str) -> Callable[[list[str]], int]:
    """The function that ``module:function`` names."""
    module, _, name = target.partition(":")
    function: Callable[[list[str]], int] = getattr(import_module(module), name)
    return function


def summary(target: str) -> str:
    """The first line of what documents ``module:function``.

    Read from the compiled module without running it: the commands import half a second of
    libraries between them. A function's docstring is the first constant of its code
    (https://docs.python.org/3.11/reference/datamodel.html#index-58).
    """
    module, _, name = target.partition(":")
    spec = spec_of(module)
    code = (
        spec.loader.get_code(module) if spec and isinstance(spec.loader, SourceFileLoader) else None
    )
    for inner in code.co_consts if code else ():
        if getattr(inner, "co_name", None) == name and isinstance(inner.co_consts[0], str):
            return inner.co_consts[0].strip().partition("\n")[0]
    return (load(target).__doc__ or "").strip().partition("\n")[0]


def usage(commands: dict[str, str]) -> str:
    """The help text: one line for each sub-command."""
    lines = ["usage: alternator COMMAND [OPTION ...]", "", "commands:"]
    lines += [f"  {name:<12}{summary(target)}" for name, target in sorted(commands.items())]
    lines += ["", "'alternator COMMAND --help' tells more about one of them."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
