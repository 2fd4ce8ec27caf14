"""Pruning takes what its table names, keeps what it excepts, and notices a missing library."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from images.scripts.finish import prune


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1234567890")


def left(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_what_a_rule_keeps_stays(tmp_path: Path) -> None:
    touch(tmp_path, "torch/bin/protoc", "torch/bin/torch_shm_manager", "torch/test/a/b.py")
    freed = prune.remove(tmp_path, ["torch/bin/*", "torch/test"], ["torch/bin/torch_shm_manager"])
    assert freed == 20
    assert left(tmp_path) == {"torch/bin/torch_shm_manager"}


def test_only_kernels_for_the_wanted_targets_stay(tmp_path: Path) -> None:
    library = "torch/lib/rocblas/library"
    names = [f"{library}/Kernels_{gfx}.co" for gfx in ("gfx1100", "gfx90a", "gfx1030")]
    touch(tmp_path, *names, f"{library}/TensileManifest.txt")
    gone = [path.name for path in prune.prune_gfx(tmp_path, ["gfx1100"])]
    assert gone == ["Kernels_gfx1030.co", "Kernels_gfx90a.co"]
    assert left(tmp_path) == {f"{library}/Kernels_gfx1100.co", f"{library}/TensileManifest.txt"}


def test_no_target_named_keeps_all_kernels(tmp_path: Path) -> None:
    touch(tmp_path, "torch/lib/Kernels_gfx90a.co")
    assert list(prune.prune_gfx(tmp_path, [""])) == []
    assert left(tmp_path) == {"torch/lib/Kernels_gfx90a.co"}


def test_a_library_that_is_still_linked_is_noticed(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None or shutil.which("readelf") is None:
        pytest.skip("gcc and readelf are needed to make libraries that link each other")
    (tmp_path / "a.c").write_text("int a(void) { return 1; }")
    (tmp_path / "b.c").write_text("int a(void); int b(void) { return a(); }")
    shared = [compiler, "-shared", "-fPIC"]
    subprocess.run([*shared, "-o", "libalt_a.so", "a.c"], cwd=tmp_path, check=True)
    origin = "-Wl,-rpath,$ORIGIN"
    command = [*shared, "-o", "libalt_b.so", "b.c", "-L.", "-lalt_a", origin]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert "libalt_a.so" not in prune.unresolved(tmp_path)
    (tmp_path / "libalt_a.so").unlink()
    assert "libalt_a.so" in prune.unresolved(tmp_path)


def test_every_rule_says_why() -> None:
    rules = tomllib.loads(prune.RULES.read_text())["remove"]
    assert all(rule["paths"] and len(rule["why"]) > 20 for rule in rules)


def test_stripping_takes_debug_information_and_nothing_that_is_loaded(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None or shutil.which("strip") is None or shutil.which("readelf") is None:
        pytest.skip("gcc, strip and readelf are needed to make a library with debug information")
    (tmp_path / "a.c").write_text(
        "static int twice(int n) { return 2 * n; } int a(int n) { return twice(n); }"
    )
    library = tmp_path / "libalt_a.so"
    subprocess.run(
        [compiler, "-g", "-shared", "-fPIC", "-o", library.name, "a.c"], cwd=tmp_path, check=True
    )
    size, before = library.stat().st_size, prune.loaded(library)
    freed = prune.strip(tmp_path, ["*.so"], exact=True)
    assert freed == size - library.stat().st_size > 0
    assert prune.loaded(library) == before
    sections = subprocess.run(
        ["readelf", "--sections", "--wide", library.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ".debug_info" not in sections.stdout


def test_a_change_in_what_is_loaded_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is needed to make a library")
    (tmp_path / "a.c").write_text('const char *a(void) { return "ORIGINAL"; }')
    library = tmp_path / "libalt_a.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", library.name, "a.c"], cwd=tmp_path, check=True
    )

    def damage(command: list[str], **_: object) -> None:
        library.write_bytes(library.read_bytes().replace(b"ORIGINAL", b"DAMAGED!"))

    monkeypatch.setattr("images.scripts.finish.prune.subprocess.run", damage)
    with pytest.raises(SystemExit, match=r"strip changed what is loaded of libalt_a\.so"):
        prune.strip(tmp_path, ["*.so"], exact=True)
