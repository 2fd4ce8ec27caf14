"""Inside a build: removes what no transcription needs from the installed packages.

What goes and why stands in prune.toml. Afterwards every library that is left must still find each
library it links: one that did before and does not now fails the build.
"""

import argparse
import hashlib
import re
import shutil
import struct
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

RULES = Path(__file__).with_name("prune.toml")
GFX = re.compile(r"gfx[0-9a-f]{3,4}")
LOAD = 1  # PT_LOAD, a segment that the loader maps
DYNAMIC = re.compile(r"\((NEEDED|RPATH|RUNPATH)\).*\[(.*)\]")


def main() -> None:
    """Prune the site-packages named on the command line; exits with what no longer links."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site_packages", type=Path)
    parser.add_argument("--gfx", default="", help="gfx targets to keep, comma-separated; all if ''")
    parser.add_argument("--full", action="store_true", help="without the rules for lean images")
    options = parser.parse_args()
    root: Path = options.site_packages
    rules = tomllib.loads(RULES.read_text("utf-8"))
    before = unresolved(root)
    for rule in rules["remove"]:
        if options.full and rule.get("lean"):
            continue
        freed = remove(root, rule["paths"], rule.get("keep", ()))
        leave_word(root, rule.get("missed", ()), rule["why"])
        if freed:
            print(f"prune: {freed / 1e6:7.1f} MB  {rule['why']}")
    freed = sum(path.stat().st_size for path in prune_gfx(root, options.gfx.split(",")))
    if freed:
        print(f"prune: {freed / 1e6:7.1f} MB  kernels for other GPUs than {options.gfx}")
    freed = strip(root, rules["strip"]["paths"]) + strip(root, rules["strip"]["exact"], exact=True)
    print(f"prune: {freed / 1e6:7.1f} MB  symbols and debug information")
    broken = unresolved(root) - before - set(rules["linkage"]["from_the_host"])
    if broken:
        sys.exit(f"prune: what was removed is linked by what is left: {', '.join(sorted(broken))}")


def remove(root: Path, patterns: Sequence[str], keep: Sequence[str]) -> int:
    """Remove what the patterns match below ``root``; returns the bytes freed."""
    kept = {path for pattern in keep for path in root.glob(pattern)}
    freed = 0
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            if path in kept or not path.exists():
                continue
            freed += weight(path)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return freed


def leave_word(root: Path, packages: Sequence[str], why: str) -> None:
    """Where a package was removed that is imported late, put one that says so in one line.

    It raises ModuleNotFoundError, so that who can do without it does.
    """
    for package in packages:
        name = package.replace("/", ".")
        text = f"{name} is in no image of Alternator ({why})"
        (root / package).mkdir()
        code = f"raise ModuleNotFoundError({text!r}, name={name!r})\n"
        (root / package / "__init__.py").write_text(code, "utf-8")


def weight(path: Path) -> int:
    """The bytes in a file or below a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def prune_gfx(root: Path, wanted: Sequence[str]) -> Iterator[Path]:
    """Remove kernel files made for gfx targets other than ``wanted``; yields each, still there."""
    targets = {target.strip() for target in wanted if target.strip()}
    if not targets:
        return
    for path in sorted((root / "torch").rglob("*gfx*")):
        found = set(GFX.findall(path.name))
        if path.is_file() and found and not found & targets:
            yield path
            path.unlink()


def strip(root: Path, patterns: Sequence[str], *, exact: bool = False) -> int:
    """Strip the ELF files that the patterns match; returns the bytes freed.

    ``exact`` fails the build unless the loader maps the same bytes of each file as before.
    """
    freed = 0
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        if is_elf(path):
            size, before = path.stat().st_size, loaded(path) if exact else ""
            subprocess.run(["strip", "--strip-unneeded", str(path)], check=True)
            if exact and loaded(path) != before:
                sys.exit(f"prune: strip changed what is loaded of {path.relative_to(root)}")
            freed += size - path.stat().st_size
    return freed


def loaded(path: Path) -> str:
    """Digest of the segments that the loader maps of a 64-bit ELF file, little-endian.

    Where the section headers are stands in the first segment, and is nothing to the loader.
    """
    content = bytearray(path.read_bytes())
    content[40:48], content[60:64] = bytes(8), bytes(4)  # e_shoff; e_shnum and e_shstrndx
    (start,) = struct.unpack_from("<Q", content, 32)
    length, count = struct.unpack_from("<HH", content, 54)
    digest = hashlib.sha256()
    for index in range(count):
        header = struct.unpack_from("<IIQQQQQQ", content, start + index * length)
        kind, _, offset, _, _, size, _, _ = header
        if kind == LOAD:
            digest.update(repr(header).encode())
            digest.update(memoryview(content)[offset : offset + size])
    return digest.hexdigest()


def is_elf(path: Path) -> bool:
    """Whether a path is a file that starts as a program or a library does."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def unresolved(root: Path) -> set[str]:
    """The libraries that some library below ``root`` links and none of its search paths has."""
    system = _system_libraries()
    missing = set()
    for library in sorted(root.rglob("*.so*")):
        if not is_elf(library):
            continue
        facts: dict[str, list[str]] = {"NEEDED": [], "RPATH": [], "RUNPATH": []}
        for key, value in DYNAMIC.findall(_readelf(library)):
            facts[key].append(value)
        folders = [
            Path(folder.replace("$ORIGIN", str(library.parent)))
            for paths in facts["RPATH"] + facts["RUNPATH"]
            for folder in paths.split(":")
        ]
        for name in facts["NEEDED"]:
            if name not in system and not any((folder / name).exists() for folder in folders):
                missing.add(name)
    return missing


def _readelf(path: Path) -> str:
    command = ["readelf", "--dynamic", "--wide", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _system_libraries() -> set[str]:
    output = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    return set(re.findall(r"^\t(\S+) ", output.stdout, re.MULTILINE))


if __name__ == "__main__":
    main()
