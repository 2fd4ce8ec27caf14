"""Pruning takes what its table names, keeps what it excepts, and notices a missing library."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from images.scripts.finish import prune
from tools.rooms import CHECKOUT


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


def test_a_package_that_is_missed_says_so_in_a_line(tmp_path: Path) -> None:
    touch(tmp_path, "alt/lazy/__init__.py")
    prune.remove(tmp_path, ["alt/lazy"], [])
    prune.leave_word(tmp_path, ["alt/lazy"], "nothing here calls it")
    command = [sys.executable, "-c", "import alt.lazy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: alt.lazy is in no image of Alternator (nothing here calls it)"
    )


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This environment's packages, links to the same files, less what an image leaves out."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("whisper")
    installed = Path(torch.__file__).parent.parent
    folder = tmp_path_factory.mktemp("pruned")
    if folder.stat().st_dev != installed.stat().st_dev:
        pytest.skip("the temporary folder is on another file system: a copy would take 1 GB")
    site_packages = folder / "site-packages"
    shutil.copytree(installed, site_packages, copy_function=os.link, symlinks=True)
    for rule in tomllib.loads(prune.RULES.read_text())["remove"]:
        prune.remove(site_packages, rule["paths"], rule.get("keep", ()))
        prune.leave_word(site_packages, rule.get("missed", ()), rule["why"])
    for compiler in ("numba", "llvmlite"):  # of the tests alone
        shutil.rmtree(site_packages / compiler, ignore_errors=True)
    return site_packages


def run_pruned(site_packages: Path, code: str) -> subprocess.CompletedProcess[str]:
    # -S: without this environment's own site-packages.
    return subprocess.run(
        [sys.executable, "-S", "-s", "-c", code],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": f"{site_packages}:{CHECKOUT}"},
        capture_output=True,
        text=True,
        check=False,
    )


# What the engine does beyond the rehearsal, or is likely to do next.
CALLS = (
    "torch.ao.quantization.quantize_dynamic(linear, {torch.nn.Linear}, torch.qint8)(rows)",
    "torch.jit.script(linear)(rows)",
    "torch.nn.functional.scaled_dot_product_attention(*[torch.zeros(1, 1, 4, 4)] * 3)",
    "torch.inference_mode()(linear)(rows)",
    "torch.compiler.is_compiling()",
    "torch.func.vmap(linear)(rows)",
    "torch.cuda.CUDAGraph",
    "torch.onnx.is_in_onnx_export()",
)


def test_what_is_left_of_torch_transcribes(pruned: Path) -> None:
    code = (
        "from images.scripts.finish import rehearse; rehearse.transcribe_noise();"
        "from probe.prove import child; assert child.main('cpu') == 0;"
        "import torch; linear, rows = torch.nn.Sequential(torch.nn.Linear(8, 8)), torch.ones(2, 8);"
        f"{'; '.join(CALLS)}; print(torch.__file__)"
    )
    done = run_pruned(pruned, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(pruned / "torch" / "__init__.py")


def test_the_voice_detector_finds_its_weights_and_nothing_else_of_their_package_is_left(
    pruned: Path,
) -> None:
    code = "from alternator.speech.voice import VoiceDetector; VoiceDetector()"
    done = run_pruned(pruned, code)
    assert done.returncode == 0, done.stderr
    assert left(pruned / "silero_vad") == {"data/silero_vad_16k_sequence.onnx"}


@pytest.mark.parametrize(
    ("call", "package"),
    [
        ("torch.compile(linear)(rows)", "torch._dynamo"),
        ("torch.jit.trace(linear, rows)", "sympy"),
        ("torch.profiler.profile().__enter__()", "torch._inductor"),
    ],
)
def test_what_of_torch_is_gone_says_so(pruned: Path, call: str, package: str) -> None:
    done = run_pruned(
        pruned, f"import torch; linear, rows = torch.nn.Linear(8, 8), torch.ones(2, 8); {call}"
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ModuleNotFoundError: {package} is in no image of Alternator (")


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


@pytest.mark.parametrize(("options", "stays"), [([], False), (["--full"], True)])
def test_a_complete_image_keeps_what_a_lean_one_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], stays: bool
) -> None:
    if not all(map(shutil.which, ("readelf", "strip"))):
        pytest.skip("readelf and strip are needed")
    library = "nvidia/cu13/lib/libnvJitLink.so.13"
    touch(tmp_path, library, "torch/test/a.py", "torch/version.py")
    monkeypatch.setattr(sys, "argv", ["prune.py", str(tmp_path), "--gfx", "", *options])
    prune.main()
    assert (library in left(tmp_path)) is stays
    assert "torch/test/a.py" not in left(tmp_path)
