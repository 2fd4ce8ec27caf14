"""How the client is called, and what a person is told of a build that fails."""

import io
from pathlib import Path

import pytest
from fake_engine import FakeEngine, fake_builder

from images.build.buildkit import Recipe, run_build
from images.build.site_settings import Site
from images.console import Console
from images.errors import BuildError

# A client that can build, of an age that needs no plug-in, which prints what it was called with.
CLIENT = """\
#!/bin/sh
if [ "$1" = --version ]; then echo "Docker version 20.10.24, build 1"; exit 0; fi
echo "$DOCKER_BUILDKIT $*" > {folder}/called
echo "#1 [base 1/1] FROM python"
echo "#1 CACHED"
echo "#2 [packages 1/1] RUN sh /install"
echo "#2 0.5 no such package"
echo "#2 ERROR: exit code: 1"
exit {status}
"""
RECIPE = Recipe(
    name="sandbox", tag="test:1", platform="linux/amd64", arguments={"BASE": "b"}, fresh=True
)


def engine(folder: Path, status: int) -> FakeEngine:
    client = folder / "docker"
    client.write_text(CLIENT.format(folder=folder, status=status))
    client.chmod(0o755)
    return FakeEngine(environ={"PATH": f"{folder}:/usr/bin:/bin"})


def test_the_client_is_told_all_and_the_steps_from_cache_are_counted(tmp_path: Path) -> None:
    site = Site(files={"ca_bundle": Path("/ca.pem")})
    builder = fake_builder(engine(tmp_path, 0), site=site)
    assert run_build(builder, RECIPE, tmp_path) == 1
    called = (tmp_path / "called").read_text()
    assert called.startswith(
        "1 build --progress=plain --tag test:1 --file images/sandbox/Dockerfile "
        "--platform linux/amd64 --build-arg BASE=b --no-cache --secret id=ca_bundle,src=/ca.pem /"
    )


def test_a_failure_names_the_step_its_output_and_the_log(tmp_path: Path) -> None:
    builder = fake_builder(engine(tmp_path, 1), Console(io.StringIO()))
    with pytest.raises(BuildError) as failure:
        run_build(builder, RECIPE, tmp_path)
    assert str(failure.value) == (
        "test:1 did not build; the failing step:\n"
        "    packages 1/1  sh /install\n"
        "    no such package\n"
        "    exit code: 1\n"
        f"All: {tmp_path}/build-sandbox.log"
    )
    assert "no such package" in (tmp_path / "build-sandbox.log").read_text()
