"""The build's installing script with its pip: from the wheelhouse and from an index, by hash."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from package_index import list_wheels, make_wheel, serve, sha256

from images.build.build import BuildRequest, build
from images.build.builder import Builder
from images.catalog import CHECKOUT
from images.engine.container import Container
from images.engine.engine import Engine
from images.engine.platforms import this_machine
from probe.universal.lock import Entry, Lock, read, render

# The universal image has a pip; a build's own one lies elsewhere.
COMMAND = (
    "mkdir -p /opt/build/bin && ln -s /opt/alternator/venv/bin/pip /opt/build/bin/pip"
    " && /opt/alternator/venv/bin/python /install/install_packages.py"
    " && /opt/alternator/venv/bin/python -c"
    " 'import alpha; print(alpha.VERSION)'"
)

# What templates/macros.j2 mounts beside the script.
MODULES = [f"probe/{name}.py" for name in ("errors", "exit_codes")]
MODULES += [f"probe/universal/{name}.py" for name in ("lock", "requires")]

Install = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def image(builder: Builder) -> str:
    """An image with a virtual environment and pip."""
    return build(BuildRequest(image=builder.catalog.universal), builder).tag


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with the one wheel that is to be installed."""
    folder = tmp_path / "wheels"
    make_wheel(folder, "alpha", "1.0")
    return folder


@pytest.fixture
def install(engine: Engine, image: str, tmp_path: Path, wheels: Path) -> Install:
    """Run the script as a build does; the lock is of the wheel as it was made."""
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    lock = Lock(
        build="cpu-1-cpu",
        platform=f"cp311 {this_machine()}",
        inputs="0",
        packages=(Entry(name="alpha", version="1.0", hashes=(sha256(next(wheels.glob("*"))),)),),
    )
    (requirements / f"cpu-1-cpu.{this_machine()}.lock").write_text(render(lock))

    def run(wheelhouse: Path, **environment: str) -> tuple[int, str]:
        mounted = {"images/scripts/install_packages.py": "/install/install_packages.py"}
        mounted |= {path: f"/install/{path}" for path in MODULES}
        with Container(
            engine,
            image,
            ["-c", COMMAND],
            entrypoint=["sh"],
            user="0:0",
            network_mode="host",
            environment={
                "TORCH": "1",
                "WHEEL": "cpu",
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "PIP_RETRIES": "0",
                **environment,
            },
            volumes={
                **{
                    str(CHECKOUT / path): {"bind": place, "mode": "ro"}
                    for path, place in mounted.items()
                },
                str(requirements): {"bind": "/requirements", "mode": "ro"},
                str(wheelhouse): {"bind": "/wheelhouse", "mode": "ro"},
            },
        ) as container:
            status = container.until_it_ends(120).status
            return status, container.said()

    return run


def test_from_the_wheelhouse(install: Install, wheels: Path) -> None:
    status, output = install(wheels)
    assert (status, output.splitlines()[-1]) == (0, "1.0"), output


def test_from_an_index(install: Install, wheels: Path, tmp_path: Path) -> None:
    list_wheels(wheels)
    (tmp_path / "empty").mkdir()
    with serve(wheels) as address:
        status, output = install(tmp_path / "empty", PIP_INDEX_URL=address)
    assert (status, output.splitlines()[-1]) == (0, "1.0"), output


def test_another_file_of_that_name_fails_the_build(
    install: Install, wheels: Path, tmp_path: Path
) -> None:
    make_wheel(wheels, "alpha", "1.0", files={"alpha.py": "VERSION = 'changed'\n"})
    status, output = install(wheels)
    assert status != 0
    assert "DO NOT MATCH THE HASHES" in output
    assert "changed" not in output
    list_wheels(wheels)
    (tmp_path / "empty").mkdir()
    with serve(wheels) as address:
        status, output = install(tmp_path / "empty", PIP_INDEX_URL=address)
    assert status != 0
    assert "changed" not in output


@pytest.fixture
def open_lock(tmp_path: Path, install: Install) -> Path:
    """The lock with its torch left open."""
    path = tmp_path / "requirements" / f"cpu-1-cpu.{this_machine()}.lock"
    torch = Entry(name="torch", version="1+cpu", hashes=())
    path.write_text(render(replace(read(path), open=(torch,))))
    return path


def test_an_open_lock_takes_torch_alone_from_the_index_of_its_build_and_says_so(
    install: Install, open_lock: Path, wheels: Path, tmp_path: Path
) -> None:
    make_wheel(wheels, "torch", "1+cpu", requires=["alpha"])
    list_wheels(wheels)
    (tmp_path / "empty").mkdir()
    with serve(wheels) as address:
        status, output = install(tmp_path / "empty", PIP_INDEX_URL=address, TORCH_INDEX_URL=address)
    assert (status, output.splitlines()[-1]) == (0, "1.0"), output
    assert (
        f"without a hash in cpu-1-cpu.{this_machine()}.lock: torch==1+cpu, as {address}" in output
    )


def test_what_torch_requires_and_the_lock_lacks_ends_the_build(
    install: Install, open_lock: Path, wheels: Path, tmp_path: Path
) -> None:
    make_wheel(wheels, "torch", "1+cpu", requires=["beta"])
    make_wheel(wheels, "beta", "2.0")
    list_wheels(wheels)
    (tmp_path / "empty").mkdir()
    with serve(wheels) as address:
        status, output = install(tmp_path / "empty", PIP_INDEX_URL=address, TORCH_INDEX_URL=address)
    assert status == 1
    assert "torch asks for beta, which is not installed" in output
    assert "beta-2.0" not in output


def test_an_open_lock_still_holds_torch_to_the_indexs_hash(
    install: Install, open_lock: Path, wheels: Path, tmp_path: Path
) -> None:
    make_wheel(wheels, "torch", "1+cpu")
    list_wheels(wheels)
    make_wheel(wheels, "torch", "1+cpu", files={"torch.py": "VERSION = 'changed'\n"})
    (tmp_path / "empty").mkdir()
    with serve(wheels) as address:
        status, output = install(tmp_path / "empty", PIP_INDEX_URL=address, TORCH_INDEX_URL=address)
    assert status != 0
    assert "DO NOT MATCH THE HASHES" in output


def test_an_open_lock_in_a_wheelhouse_names_the_command(
    install: Install, open_lock: Path, wheels: Path
) -> None:
    status, output = install(wheels)
    assert status == 1
    name = f"cpu-1-cpu.{this_machine()}.lock"
    assert f"{name} has no hash of torch==1+cpu: run 'make images' again" in output
