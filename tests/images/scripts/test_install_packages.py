"""The build's installing script with a real pip and a real environment: everything by its hash."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from package_index import list_wheels, make_wheel, serve, sha256

from images.engine.platforms import this_machine
from images.scripts.install_packages import Installer, Places, find_lock, main
from probe.universal.lock import Entry, Lock, render

NAME = f"rocm-2.13.0-rocm7.2.{this_machine()}.lock"
TORCH = "2.13.0+rocm7.2"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment without pip, as an image's is."""
    folder = tmp_path_factory.mktemp("shipped")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


@pytest.fixture
def places(shipped: Path, tmp_path: Path) -> Places:
    """A build's places; its environment is empty again for each test."""
    [site] = shipped.glob("lib/python3*/site-packages")
    subprocess.run(["rm", "-rf", str(site)], check=True)
    site.mkdir()
    for name in ("requirements", "wheelhouse", "index", "torch"):
        (tmp_path / name).mkdir()
    return Places(
        pip=str(Path(sys.executable).with_name("pip")),
        shipped=str(shipped / "bin" / "python"),
        requirements=tmp_path / "requirements",
        wheelhouse=tmp_path / "wheelhouse",
        secrets=tmp_path / "secrets",
    )


def entry(wheel: Path, name: str, version: str) -> Entry:
    return Entry(name=name, version=version, hashes=(sha256(wheel),))


def lock_of(*packages: Entry, waiting: tuple[Entry, ...] = ()) -> Lock:
    platform = f"cp311 {this_machine()}"
    return Lock(
        build="rocm-2.13.0-rocm7.2",
        platform=platform,
        inputs="0",
        packages=packages,
        open=waiting,
    )


def installer(places: Places, **environ: str) -> Installer:
    variables = {
        "PATH": "/usr/bin:/bin",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "NO_PROXY": "127.0.0.1",
        **environ,
    }
    return Installer(places=places, environ=places.environ(variables))


def installed(places: Places) -> list[str]:
    site = Path(places.shipped).parents[1]
    return sorted(path.name for path in site.glob("lib/python3*/site-packages/*.dist-info"))


def test_what_a_lock_names_comes_from_the_wheelhouse(places: Places) -> None:
    wheel = make_wheel(places.wheelhouse, "alpha", "1.0", requires=["left-out"])
    installer(places).install(lock_of(entry(wheel, "alpha", "1.0")), NAME)
    assert installed(places) == ["alpha-1.0.dist-info"]


def test_another_file_of_that_name_is_refused(
    places: Places, capfd: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel(places.wheelhouse, "alpha", "1.0")
    lock = lock_of(entry(wheel, "alpha", "1.0"))
    make_wheel(places.wheelhouse, "alpha", "1.0", files={"alpha.py": "changed = 1\n"})
    with pytest.raises(SystemExit) as end:
        installer(places).install(lock, NAME)
    assert end.value.code != 0
    assert "DO NOT MATCH THE HASHES" in capfd.readouterr().err
    assert installed(places) == []


def test_what_has_no_hash_is_taken_alone_and_named(
    places: Places, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What that torch requires is held to the lock, although the index of torch has it too."""
    make_wheel(tmp_path / "torch", "torch", TORCH, requires=["beta>=2"])
    other = make_wheel(tmp_path / "torch", "beta", "2.5", files={"beta.py": "other = 1\n"})
    good = make_wheel(tmp_path / "index", "beta", "2.5")
    assert sha256(other) != sha256(good)
    for folder in ("torch", "index"):
        list_wheels(tmp_path / folder)
    waiting = (Entry(name="torch", version=TORCH, hashes=()),)
    lock = lock_of(entry(good, "beta", "2.5"), waiting=waiting)
    with serve(tmp_path) as address:
        indexes = {"PIP_INDEX_URL": f"{address}/index", "TORCH_INDEX_URL": f"{address}/torch"}
        installer(places, **indexes).install(lock, NAME)
        [line] = [line for line in capfd.readouterr().err.splitlines() if "without a hash" in line]
        assert line.startswith(f"without a hash in {NAME}: torch=={TORCH}, as {address}/torch")
    assert installed(places) == ["beta-2.5.dist-info", f"torch-{TORCH}.dist-info"]
    [module] = Path(places.shipped).parents[1].glob("lib/python3*/site-packages/beta.py")
    assert "VERSION" in module.read_text()


def test_a_torch_that_requires_something_else_ends_the_build(places: Places) -> None:
    torch = make_wheel(places.wheelhouse, "torch", TORCH, requires=["beta>=3", "gamma"])
    beta = make_wheel(places.wheelhouse, "beta", "2.5")
    lock = lock_of(entry(torch, "torch", TORCH), entry(beta, "beta", "2.5"))
    with pytest.raises(SystemExit) as end:
        installer(places).install(lock, NAME)
    assert end.value.code == (
        f"{NAME} is not what torch requires: torch asks for beta>=3, and 2.5 is installed; torch "
        f"asks for gamma, which is not installed. Mend images/packages/known_torch.toml, then "
        f"`make lock`"
    )


def test_what_has_no_hash_is_never_taken_from_a_wheelhouse(places: Places) -> None:
    make_wheel(places.wheelhouse, "torch", TORCH)
    lock = lock_of(waiting=(Entry(name="torch", version=TORCH, hashes=()),))
    with pytest.raises(SystemExit, match="run 'make images' again"):
        installer(places, TORCH_INDEX_URL="http://127.0.0.1:9").install(lock, NAME)


def test_the_lock_is_that_of_the_build_and_of_this_machine(places: Places) -> None:
    environ = {"TORCH": "2.13.0", "WHEEL": "rocm7.2"}
    with pytest.raises(SystemExit, match=r"there is no lock of 2\.13\.0-rocm7\.2 for "):
        find_lock(places, environ)
    (places.requirements / NAME).write_text(render(lock_of()))
    other = replace(lock_of(), build="rocm-2.13.0-rocm7.1")
    (places.requirements / NAME.replace("7.2", "7.1")).write_text(render(other))
    assert find_lock(places, environ) == (lock_of(), NAME)
    with pytest.raises(SystemExit, match="not one lock but 2 of this image"):
        find_lock(places, {})


def test_the_wheelhouses_own_lock_comes_first(places: Places) -> None:
    (places.requirements / NAME).write_text(render(lock_of()))
    wheel = make_wheel(places.wheelhouse, "alpha", "1.0")
    own = lock_of(entry(wheel, "alpha", "1.0"))
    (places.wheelhouse / "wheels.lock").write_text(render(own))
    assert find_lock(places, {"TORCH": "2.13.0", "WHEEL": "rocm7.2"}) == (own, "wheels.lock")


def test_a_damaged_lock_ends_the_build(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    text = render(lock_of(Entry(name="alpha", version="1.0", hashes=("a" * 64,))))
    (places.requirements / NAME).write_text(text.replace("# [packages]", "# [package]"))
    monkeypatch.setenv("TORCH", "2.13.0")
    monkeypatch.setenv("WHEEL", "rocm7.2")
    with pytest.raises(SystemExit, match=r"\[package\] is no part of a lock"):
        main(places)


def test_secrets_of_a_site_reach_pip(places: Places) -> None:
    places.secrets.mkdir()
    for name in ("ca_bundle", "pip_conf"):
        (places.secrets / name).touch()
    found = places.environ({"TORCH_INDEX_URL": "http://127.0.0.1:9"})
    assert found == {
        "TORCH_INDEX_URL": "http://127.0.0.1:9",
        "PIP_EXTRA_INDEX_URL": "http://127.0.0.1:9",
        "PIP_CERT": str(places.secrets / "ca_bundle"),
        "PIP_CONFIG_FILE": str(places.secrets / "pip_conf"),
    }
    make_wheel(places.wheelhouse, "alpha", "1.0")
    assert places.environ({}) == {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(places.wheelhouse)}
