"""Inside a build: puts stubs in the place of libraries that torch links and nothing here calls.

A stub has the library's name and every function that other libraries import from it, with its
version. Whichever is called prints its name and the remedy and ends the process with a code of its
own, by which whoever waits for the process can tell: nothing goes on without the library.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TABLE = Path(__file__).with_name("stubs.toml")
# readelf --dyn-syms: Num: Value Size Type Bind Vis [other] Ndx Name@Version
LINE = re.compile(
    r"^ *\d+: [0-9a-f]+ +\S+ (\w+) +(\w+) +\w+ +(?:\[.*\] +)?(\w+) (\S+)", re.MULTILINE
)
DYNAMIC = re.compile(r"\((NEEDED|SONAME)\).*\[(.*)\]")
REMEDY = (
    "take the complete image, whose tag ends in -full: `make images VARIANT=cuda FULL=1` builds it"
)
EXIT_CODE = 25  # ExitCode.LEFT_OUT of probe/exit_codes.py, which a build does not have at hand


@dataclass(frozen=True, order=True, kw_only=True)
class Symbol:
    """A dynamic symbol: ``version`` is empty without one, ``default`` is what plain names get."""

    name: str
    version: str = ""
    default: bool = True
    kind: str = "FUNC"

    @property
    def text(self) -> str:
        """As linkers write it: ``name``, ``name@VERSION`` or ``name@@VERSION``."""
        at = "@@" if self.default else "@"
        return f"{self.name}{at}{self.version}" if self.version else self.name


class StubError(Exception):
    """No stub can stand for a library; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Interface:
    """What may be asked of a library: functions whose names start with ``prefix``.

    ``answers`` are what some give, as numbers that fit into a pointer.
    """

    prefix: str
    answers: Mapping[str, int] = field(default_factory=dict)


def main() -> None:
    """Put the stubs of the table below the command line's site-packages, and say what they save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site_packages", type=Path)
    options = parser.parse_args()
    for name, entry in tomllib.loads(TABLE.read_text("utf-8")).items():
        library = options.site_packages / entry["library"]
        interface = Interface(prefix=entry["interface"], answers=entry.get("answers", {}))
        try:
            size, count = put(library, options.site_packages, interface)
        except StubError as error:
            sys.exit(f"stub: {name}: {error}")
        print(f"stub: {size / 1e6:7.1f} MB  {name}, {count} functions: {entry['does']}")


def put(library: Path, root: Path, interface: Interface) -> tuple[int, int]:
    """Replace a library with a stub for what is below ``root``.

    Returns the bytes freed and how many functions the stub has. StubError where there is no such
    library, or where more is asked of it than its interface, or an answer that nobody asks.
    """
    if not library.is_file():
        raise StubError(f"this torch build has no {library.relative_to(root)}")
    soname = linkage(library)["SONAME"][0]
    importers = [
        path
        for path in sorted(root.rglob("*.so*"))
        if path != library and not path.is_symlink() and soname in linkage(path)["NEEDED"]
    ]
    wanted = imported(library, importers)
    foreign = [symbol.text for symbol in wanted if not symbol.name.startswith(interface.prefix)]
    if foreign:
        raise StubError(f"more is asked of {soname} than its interface: {', '.join(foreign)}")
    data = [symbol.text for symbol in wanted if symbol.kind != "FUNC"]
    if data:
        raise StubError(f"{soname} gives data too, and reading that can't fail: {', '.join(data)}")
    idle = interface.answers.keys() - {symbol.name for symbol in wanted}
    if idle:
        raise StubError(f"nobody asks {', '.join(sorted(idle))} of {soname} any more")
    size, mode = library.stat().st_size, library.stat().st_mode
    library.unlink()
    compile_stub(library, soname, wanted, interface.answers)
    library.chmod(mode)
    return size - library.stat().st_size, len(wanted)


def imported(library: Path, importers: Iterable[Path]) -> list[Symbol]:
    """What of a library's symbols the importers leave undefined, as the library defines them."""
    wanted = {
        (symbol.name, symbol.version)
        for path in importers
        for symbol in symbols(path, defined=False)
    }
    return sorted(
        symbol
        for symbol in symbols(library, defined=True)
        if (symbol.name, symbol.version) in wanted
        or (symbol.default and (symbol.name, "") in wanted)
    )


def symbols(path: Path, *, defined: bool) -> set[Symbol]:
    """The dynamic symbols that an ELF file defines for others, or leaves undefined."""
    found = set()
    for kind, binding, section, text in LINE.findall(_readelf("--dyn-syms", path)):
        if binding != "LOCAL" and (section != "UND") == defined:
            name, at, version = text.partition("@")
            default = not at or version.startswith("@")
            found.add(Symbol(name=name, version=version.lstrip("@"), default=default, kind=kind))
    return found


def linkage(path: Path) -> dict[str, list[str]]:
    """The names an ELF file needs and its own; empty lists where a file is none."""
    found: dict[str, list[str]] = {"NEEDED": [], "SONAME": []}
    for key, value in DYNAMIC.findall(_readelf("--dynamic", path)):
        found[key].append(value)
    return found


def compile_stub(
    library: Path, soname: str, wanted: Sequence[Symbol], answers: Mapping[str, int]
) -> None:
    """Compile a library of that name with these functions; StubError if it lacks one of them."""
    with tempfile.TemporaryDirectory() as folder:
        code, script = Path(folder, "stub.c"), Path(folder, "versions")
        code.write_text(source(soname, wanted, answers), "utf-8")
        versions = sorted({symbol.version for symbol in wanted if symbol.version})
        script.write_text("".join(f"{name} {{ local: stub_*; }};\n" for name in versions), "utf-8")
        command = [
            "gcc",
            "-shared",
            "-fPIC",
            "-O2",
            "-s",
            "-Wl,--build-id=none",
            f"-Wl,-soname,{soname}",
        ]
        command += [f"-Wl,--version-script={script}"] if versions else []
        subprocess.run([*command, "-o", str(library), str(code)], check=True)
    made = {(symbol.name, symbol.version) for symbol in symbols(library, defined=True)}
    missing = [symbol.text for symbol in wanted if (symbol.name, symbol.version) not in made]
    if missing or linkage(library)["SONAME"] != [soname]:
        raise StubError(f"the stub of {soname} came out without {', '.join(missing) or 'its name'}")


def source(soname: str, wanted: Sequence[Symbol], answers: Mapping[str, int]) -> str:
    """The C source of a stub: one function a symbol, whatever the real one's arguments are.

    _exit, since what exit would run (torch's own unloading) may call the stub again.
    """
    lines = [
        "#include <stdio.h>",
        "#include <unistd.h>",
        "static __attribute__((noreturn)) void stop(const char *name) {",
        f'    dprintf(2, "alternator: %s of {soname} was called, which this image leaves out; "',
        f'               "{REMEDY}.\\n", name);',
        f"    _exit({EXIT_CODE});",
        "}",
    ]
    for number, symbol in enumerate(wanted):
        function = f"stub_{number}"
        if symbol.version:
            lines.append(f'__attribute__((symver("{symbol.text}")))')
        else:  # names of C++ are no names of C
            lines.append(f'long {function}(void) __asm__("{symbol.name}");')
        answer = answers.get(symbol.name)
        body = f'stop("{symbol.name}");' if answer is None else f"return {answer};"
        lines.append(f"long {function}(void) {{ {body} }}")
    return "\n".join([*lines, ""])


def _readelf(option: str, path: Path) -> str:
    command = ["readelf", option, "--wide", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    main()
