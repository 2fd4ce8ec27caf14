"""``make builds-check``: the table of builds against the PyTorch package index.

Exit codes: 0 the table is right, 1 the index has something else, 24 it can't be reached.

The index has a folder for each tag, and in it a page for torch as every package index has one:
https://packaging.python.org/en/latest/specifications/simple-repository-api/
A wheel's name says its Python and platform:
https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

import argparse
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from urllib.parse import unquote

from probe.errors import ProbeError, UserError
from probe.exit_codes import ExitCode
from probe.tables.builds import Build, Table, line_of, load_table

PYTHON = "cp311"  # the Python of the images
TIMEOUT_S = 30
LARGEST = 64 * 1024 * 1024  # bytes of one page
WHEEL = re.compile(rf"torch-(\d[\w.]*)(?:\+([\w.]+))?-{PYTHON}-{PYTHON}-(\w+)\.whl")
ARCHITECTURES = ("x86_64", "aarch64")

Version = tuple[int, ...]
Found = set[tuple[str, str]]  # (version of torch, architecture)


class UnreachableError(ProbeError):
    """The package index did not answer."""

    exit_code = ExitCode.INDEX


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, and print what changed."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.builds_check", description="Compare the table with the index."
    )
    parser.add_argument("--index", metavar="URL", help="instead of the table's index")
    arguments = parser.parse_args(argv)
    table = load_table()
    index = (arguments.index or table.index_base).rstrip("/")
    try:
        changes = [*compare(table, index)]
    except UserError as error:
        print(f"builds-check: {error}", file=sys.stderr)
        return error.exit_code
    for change in changes:
        print(change)
    tags = len({build.wheel for build in table.builds})
    if not changes:
        print(f"the table agrees with the index: {len(table.builds)} builds, {tags} tags")
    return ExitCode.FAILED if changes else 0


def compare(table: Table, index: str) -> Iterator[str]:
    """What differs, one line each. Raises ``UnreachableError`` if the index does not answer."""
    builds: dict[str, list[Build]] = {}
    for build in table.builds:
        builds.setdefault(build.wheel, []).append(build)
    for wheel, of_wheel in builds.items():
        found = wheels_of(index, wheel)
        if found is None:
            yield f"{wheel}: the index has no such tag any more"
            continue
        yield from _compare_tag(wheel, of_wheel, found, table)


def _compare_tag(wheel: str, builds: Sequence[Build], found: Found, table: Table) -> Iterator[str]:
    for build in builds:
        for arch in _expected_architectures(build, table):
            if (build.torch, arch) not in found:
                yield f"{wheel}: no {PYTHON} wheel of torch {build.torch} for {arch}"
        newer = _newest(version for version, _ in found if line_of(version) == build.line)
        if newer is not None and _number(newer) > _number(build.torch):
            yield f"{wheel}: torch {newer} is out; the table has {build.torch}"
    lines = {build.line for build in builds}
    oldest = min(_number(line) for line in table.lines())
    # A tag that was dropped for a later line comes back, or one of a line that we do not know.
    for line in sorted({line_of(version) for version, _ in found} - lines, key=_number):
        if _number(line) > oldest:
            yield f"{wheel}: the index has torch {line} with it; the table has not"


def _expected_architectures(build: Build, table: Table) -> Sequence[str]:
    if build.backend == "cpu":
        return table.cpu_arch
    return [arch for arch in ARCHITECTURES if arch in (build.cuda_code or build.gfx)]


def wheels_of(index: str, wheel: str) -> Found | None:
    """The torch wheels of one tag for our Python; None where the index lacks the tag."""
    url = f"{index}/{wheel}/torch/"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            page = answer.read(LARGEST).decode("utf-8", errors="replace")
    except urllib.error.HTTPError as error:
        if error.code in (403, 404):  # what a bucket says of a page that is not there
            return None
        raise UnreachableError(f"{url} answers with HTTP {error.code}; try again later") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UnreachableError(
            f"{url} can't be reached ({reason}); run this where the network is open, or name a "
            f"mirror: python -m tools.builds_check --index URL"
        ) from error
    links = _Links()
    links.feed(page)
    matches = (WHEEL.search(name) for name in links.names)
    return {
        (match[1], arch)
        for match in matches
        if match and match[2] in (None, wheel) and (arch := _architecture(match[3])) is not None
    }


def _architecture(platform: str) -> str | None:
    if not platform.startswith(("linux_", "manylinux")):
        return None
    return next((arch for arch in ARCHITECTURES if platform.endswith(arch)), None)


def _number(version: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _newest(versions: Iterator[str]) -> str | None:
    return max((v for v in versions if re.fullmatch(r"[\d.]+", v)), key=_number, default=None)


class _Links(HTMLParser):
    """The file names that a page of a package index links to."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the target of a link, without its hash."""
        target = dict(attrs).get("href") if tag == "a" else None
        if target:
            self.names.append(unquote(target.partition("#")[0]).rpartition("/")[2])


if __name__ == "__main__":
    sys.exit(main())
