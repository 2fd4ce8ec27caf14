"""A stub stands in for a library: what links it runs, and what calls it hears of it and ends."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from images.scripts.finish import stub
from probe.exit_codes import ExitCode
from probe.prove.run_child import STUB_LINE, STUB_MARK

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gcc", "readelf"))),
    reason="gcc and readelf are needed to make libraries and programs that link each other",
)

LIBRARY = """
int far_send(void) { return 1; }
int far_receive(void) { return 2; }
int far_unused(void) { return 3; }
"""
USER = """
int far_send(void);
int far_receive(void);
int user_send(void) { return far_send() + far_receive(); }
int user_add(int a, int b) { return a + b; }
"""
FAR = stub.Interface(prefix="far_")
PROGRAM = """
#include <stdio.h>
int user_send(void);
int user_add(int, int);
int main(int count, char **words) {
    printf("%d\\n", count > 1 ? user_send() : user_add(2, 3));
    return 0;
}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """site-packages with a library, one that links it, and a program beside them."""
    compile_c(tmp_path, "libfar.so.2", LIBRARY, ["-shared", "-fPIC", "-Wl,-soname,libfar.so.2"])
    compile_user(tmp_path, USER)
    return tmp_path


def compile_c(folder: Path, name: str, text: str, options: Iterable[str]) -> None:
    source = folder / f"{name}.c"
    source.write_text(text)
    command = ["gcc", "-o", name, source.name, *options, "-Wl,-rpath,$ORIGIN"]
    subprocess.run(command, cwd=folder, check=True)


def compile_user(folder: Path, text: str) -> None:
    compile_c(
        folder, "libuser.so", text, ["-shared", "-fPIC", "-Wl,-z,lazy", "-l:libfar.so.2", "-L."]
    )
    compile_c(folder, "program", PROGRAM, ["-L.", "-luser", "-Wl,-rpath-link,."])


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "program", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_does_not_call_the_library_runs(site: Path) -> None:
    assert run(site, "send").stdout == "3\n"  # the real one
    size = (site / "libfar.so.2").stat().st_size
    freed, count = stub.put(site / "libfar.so.2", site, FAR)
    assert size - (site / "libfar.so.2").stat().st_size == freed
    assert count == 2  # what nobody imports is not in it
    assert run(site).stdout == "5\n"
    assert run(site, LD_BIND_NOW="1").stdout == "5\n"


def test_a_call_names_the_library_and_the_remedy_and_ends_the_process(site: Path) -> None:
    stub.put(site / "libfar.so.2", site, FAR)
    ended = run(site, "send")
    assert ended.returncode == ExitCode.LEFT_OUT
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    assert line.startswith(
        f"{STUB_MARK}far_send of libfar.so.2 was called, which this image leaves"
    )
    assert line.endswith("`make images VARIANT=cuda FULL=1` builds it.")
    assert len(line.removeprefix(STUB_MARK)) < STUB_LINE


def test_what_has_an_answer_gives_it(site: Path) -> None:
    answers = {"far_send": 40, "far_receive": 2}
    stub.put(site / "libfar.so.2", site, stub.Interface(prefix="far_", answers=answers))
    assert run(site, "send").stdout == "42\n"


def test_an_answer_that_nobody_asks_ends_the_build(site: Path) -> None:
    """A newer torch may ask otherwise, and then somebody has to look."""
    with pytest.raises(stub.StubError, match=r"nobody asks far_unused of libfar\.so\.2 any more"):
        stub.put(
            site / "libfar.so.2", site, stub.Interface(prefix="far_", answers={"far_unused": 0})
        )
    assert run(site, "send").stdout == "3\n"


def test_a_library_of_which_nothing_is_asked(tmp_path: Path) -> None:
    """As torch links cuRAND."""
    compile_c(tmp_path, "libfar.so.2", LIBRARY, ["-shared", "-fPIC", "-Wl,-soname,libfar.so.2"])
    alone = "int user_send(void) { return 0; } int user_add(int a, int b) { return a + b; }"
    compile_c(
        tmp_path,
        "libuser.so",
        alone,
        ["-shared", "-fPIC", "-Wl,--no-as-needed", "-l:libfar.so.2", "-L."],
    )
    compile_c(tmp_path, "program", PROGRAM, ["-L.", "-luser", "-Wl,-rpath-link,."])
    assert stub.put(tmp_path / "libfar.so.2", tmp_path, FAR)[1] == 0
    assert run(tmp_path, LD_BIND_NOW="1").stdout == "5\n"


def test_versions_of_symbols_are_kept(tmp_path: Path) -> None:
    versions = tmp_path / "far.map"
    versions.write_text(
        "FAR_1 { global: far_send; local: *; };\nFAR_2 { global: far_send; } FAR_1;\n"
    )
    compile_c(
        tmp_path,
        "libfar.so.2",
        '__attribute__((symver("far_send@FAR_1"))) int old(void) { return 1; }'
        '__attribute__((symver("far_send@@FAR_2"))) int new(void) { return 2; }'
        '__attribute__((symver("far_receive@@FAR_2"))) int receive(void) { return 3; }',
        ["-shared", "-fPIC", "-Wl,-soname,libfar.so.2", "-Wl,--version-script=far.map"],
    )
    old = '__asm__(".symver old_send, far_send@FAR_1"); int old_send(void);'
    compile_user(tmp_path, old + USER.replace("far_send() +", "far_send() + old_send() +"))
    assert run(tmp_path, "send").stdout == "6\n"
    stub.put(tmp_path / "libfar.so.2", tmp_path, FAR)
    made = {symbol.text for symbol in stub.symbols(tmp_path / "libfar.so.2", defined=True)}
    assert made - {"FAR_1", "FAR_2"} == {
        "far_send@FAR_1",
        "far_send@@FAR_2",
        "far_receive@@FAR_2",
    }
    assert run(tmp_path, LD_BIND_NOW="1").stdout == "5\n"
    assert "far_send of libfar.so.2 was called" in run(tmp_path, "send").stderr


def test_a_name_that_is_none_of_c_gets_a_stub_too(tmp_path: Path) -> None:
    """As compilers of C++ and Fortran make them."""
    compile_c(
        tmp_path,
        "libfar.so.2",
        'int send(void) __asm__("far_send.part$1"); int send(void) { return 1; }',
        ["-shared", "-fPIC", "-Wl,-soname,libfar.so.2"],
    )
    user = 'int far(void) __asm__("far_send.part$1"); int user_send(void) { return far(); }'
    compile_user(tmp_path, f"{user} int user_add(int a, int b) {{ return a + b; }}")
    stub.put(tmp_path / "libfar.so.2", tmp_path, FAR)
    assert run(tmp_path).stdout == "5\n"
    assert "far_send.part$1 of libfar.so.2 was called" in run(tmp_path, "send").stderr


def test_data_can_have_no_stub(tmp_path: Path) -> None:
    compile_c(
        tmp_path,
        "libfar.so.2",
        "int far_count = 7; int far_send(void) { return 1; }",
        ["-shared", "-fPIC", "-Wl,-soname,libfar.so.2"],
    )
    user = "extern int far_count; int user_send(void) { return far_count; }"
    compile_user(tmp_path, f"{user} int user_add(int a, int b) {{ return a + b; }}")
    before = (tmp_path / "libfar.so.2").read_bytes()
    with pytest.raises(stub.StubError, match=r"gives data too, and reading that can't fail: far_c"):
        stub.put(tmp_path / "libfar.so.2", tmp_path, FAR)
    assert (tmp_path / "libfar.so.2").read_bytes() == before


def test_what_is_not_of_the_interface_is_refused(site: Path) -> None:
    with pytest.raises(stub.StubError, match=r"more is asked of libfar\.so\.2 than its interface"):
        stub.put(site / "libfar.so.2", site, stub.Interface(prefix="far_s"))
    assert run(site, "send").stdout == "3\n"


def test_a_library_that_is_not_there_is_named(site: Path) -> None:
    with pytest.raises(stub.StubError, match=r"no sub/libnear\.so"):
        stub.put(site / "sub/libnear.so", site, stub.Interface(prefix="near"))
