"""The base that images run on: what the lists name is gone, from the files and dpkg's records."""

import io
import tarfile

import pytest
from fake_engine import FakeEngine, image_facts

from images.build import slim_base
from images.build.provenance import EARLIEST
from images.build.slim_base import Lists, instructions, slim, slim_tag, without, write_slim
from images.catalog import CHECKOUT
from images.engine.platforms import AMD64, ARM64
from images.errors import EngineError

STARTED = 1_800_000_000.0
STATUS = """\
Package: login
Status: install ok installed
Version: 1:4.13
Description: who
 are you

Package: libc6
Status: install ok installed
Version: 2.36

"""
FILES = {
    "usr/bin/su": b"su",
    "usr/bin/cat": b"cat",
    "usr/share/doc/login/copyright": b"of login",
    "usr/lib/x86_64-linux-gnu/gconv/EBCDIC.so": b"tables",
    "usr/lib/x86_64-linux-gnu/libc.so.6": b"libc",
    "var/lib/dpkg/status": STATUS.encode(),
    "var/lib/dpkg/info/login.list": b"/.\n/bin\n/bin/su\n/usr\n/usr/share/doc/login/copyright\n",
    "var/lib/dpkg/info/login.md5sums": b"",
    "var/lib/dpkg/info/libc6:amd64.list": b"/usr/lib/x86_64-linux-gnu/libc.so.6\n",
    "etc/hosts": b"",
    ".dockerenv": b"",
}
LISTS = Lists(packages=frozenset({"login"}), paths=("usr/lib/*/gconv", ".dockerenv", "dev/*"))


def archive(leading: str = "") -> tarfile.TarFile:
    """A root file system as an engine exports it."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as made:
        for folder in ("usr", "usr/bin", "usr/share", "usr/share/doc", "dev", "dev/pts"):
            entry = tarfile.TarInfo(leading + folder)
            entry.type = tarfile.DIRTYPE
            made.addfile(entry)
        link = tarfile.TarInfo(f"{leading}bin")
        link.type, link.linkname = tarfile.SYMTYPE, "usr/bin"
        made.addfile(link)
        for name, content in FILES.items():
            entry = tarfile.TarInfo(leading + name)
            entry.size, entry.mode, entry.uid = len(content), 0o4755, 7
            entry.mtime = STARTED + 1 if name == "etc/hosts" else 1000
            made.addfile(entry, io.BytesIO(content))
    output.seek(0)
    return tarfile.open(fileobj=output)


def slimmed(leading: str = "") -> tarfile.TarFile:
    output = io.BytesIO()
    with archive(leading) as whole, tarfile.open(fileobj=output, mode="w") as made:
        write_slim(whole, made, LISTS, STARTED)
    output.seek(0)
    return tarfile.open(fileobj=output)


@pytest.mark.parametrize("leading", ["", "./"])
def test_what_the_lists_name_is_gone_and_the_rest_is_there(leading: str) -> None:
    with slimmed(leading) as found:
        names = {name.removeprefix(leading) for name in found.getnames()}
    assert names == {
        *("usr", "usr/bin", "usr/share", "usr/share/doc", "dev", "bin"),
        *("usr/bin/cat", "usr/lib/x86_64-linux-gnu/libc.so.6", "etc/hosts"),
        *("var/lib/dpkg/status", "var/lib/dpkg/info/libc6:amd64.list"),
    }


def test_what_stays_is_as_it_was_but_for_what_the_engine_made() -> None:
    with slimmed() as found:
        cat = found.getmember("usr/bin/cat")
        assert (cat.mode, cat.uid, cat.mtime) == (0o4755, 7, 1000)
        assert found.getmember("etc/hosts").mtime == EARLIEST
        file = found.extractfile("usr/bin/cat")
        assert file is not None and file.read() == b"cat"


def test_dpkgs_records_tell_what_is_there() -> None:
    with slimmed() as found:
        file = found.extractfile("var/lib/dpkg/status")
        assert file is not None
        assert file.read().decode() == STATUS[STATUS.index("Package: libc6") :]
    assert without(STATUS, []) == STATUS
    assert without(STATUS, ["login", "libc6"]) == ""


def test_the_same_archive_gives_the_same_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    for output in (first, second):
        with archive() as whole, tarfile.open(fileobj=output, mode="w") as made:
            write_slim(whole, made, LISTS, STARTED)
    assert first.getvalue() == second.getvalue()


def test_the_bases_environment_is_kept() -> None:
    """An import takes over files and nothing else; the registry's Python is found by PATH."""
    assert instructions({"Env": ["PATH=/usr/local/bin:/bin", 'A=say "$x"'], "Cmd": ["x"]}) == [
        'ENV PATH="/usr/local/bin:/bin"',
        'ENV A="say \\"\\$x\\""',
    ]
    assert instructions({"Env": None}) == instructions(None) == []


def test_it_is_made_once_for_each_base_and_list(monkeypatch: pytest.MonkeyPatch) -> None:
    base = image_facts("python:1")
    made = slim_tag(base, AMD64)
    assert made != slim_tag(image_facts("python:2"), AMD64)
    assert made.endswith("-amd64") and slim_tag(base, ARM64).endswith("-arm64")
    engine = FakeEngine(images=[base, image_facts(made)])
    assert slim(engine, "python:1", AMD64) == made
    monkeypatch.setattr(slim_base, "TABLE", CHECKOUT / "README.md")
    assert slim_tag(base, AMD64) != made


def test_a_base_that_can_not_be_pulled_is_named() -> None:
    with pytest.raises(EngineError, match=r"the base mirror\.example/python can't be pulled: "):
        slim(FakeEngine(), "mirror.example/python", AMD64)


def test_the_committed_lists() -> None:
    lists = slim_base.read_lists()
    assert {"apt", "perl-base", "dpkg", "login"} <= lists.packages
    # What Python and what runs in a build of the final image load.
    assert not lists.packages & {"libc6", "libssl3", "libffi8", "coreutils", "findutils", "dash"}
    assert all(not path.startswith("/") for path in lists.paths)
