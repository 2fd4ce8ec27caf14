"""What an engine says of platforms, asked of the engine that runs here."""

from dataclasses import replace

import docker
import pytest

from images import cli
from images.build import base
from images.catalog import load_catalog
from images.engine import platforms
from images.engine.platforms import ARM64
from images.errors import CatalogError, EngineError

# A number that no machine has: no kernel runs such a program, whatever emulation is installed.
NOWHERE = replace(ARM64, architecture="nowhere", machine="nowhere", elf_machine=0x1234)


def test_an_engine_runs_its_own_platform(engine: docker.DockerClient) -> None:
    assert platforms.runs(engine, platforms.native(engine))


def test_an_engine_without_emulation_is_named_with_the_remedy(engine: docker.DockerClient) -> None:
    own = platforms.native(engine)
    platforms.ensure_builds(engine, [own])
    with pytest.raises(EngineError) as failure:
        platforms.ensure_builds(engine, [own, NOWHERE])
    message = str(failure.value)
    assert f"runs {own} and has no emulation of linux/nowhere" in message
    assert "sudo apt-get install qemu-user-static" in message
    assert "or build on a machine of linux/nowhere" in message


def test_the_trial_leaves_nothing(engine: docker.DockerClient) -> None:
    platforms.runs(engine, NOWHERE)
    assert not [tag for image in engine.images.list() for tag in image.tags if "trial" in tag]


def test_a_base_of_another_platform_runs_that_platforms_python(
    engine: docker.DockerClient,
) -> None:
    own = platforms.native(engine)
    [other] = [known for known in platforms.PLATFORMS if known != own]
    if not platforms.runs(engine, other):
        pytest.skip(f"the engine has no emulation of {other} (Debian package qemu-user-static)")
    tag = load_catalog().base.bootstrap_tag(other.architecture)
    if not engine.images.list(tag):
        pytest.skip(f"there is no {tag} here: `make images VARIANT=cpu PLATFORM={other}` makes it")
    assert base.resolve(load_catalog().base, platform=other) == tag
    assert engine.images.get(tag).attrs["Architecture"] == other.architecture
    machine = engine.containers.run(
        tag, ["python3", "-c", "import platform; print(platform.machine())"], remove=True
    )
    assert machine.decode().strip() == other.machine


@pytest.mark.usefixtures("engine")
def test_an_image_whose_torch_does_not_exist_is_refused_and_none_of_another_platform_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also on an arm64 host itself, where nobody names the platform."""
    monkeypatch.setattr(cli, "build_variant", None)
    why = r"no rocm7\.2 build for aarch64 \(linux/arm64\), only for x86_64; VARIANT=cpu"
    with pytest.raises(CatalogError, match=why):
        cli.main(["build", "rocm", "--platform", "linux/arm64"])
    monkeypatch.setattr(platforms, "native", lambda client: ARM64)
    with pytest.raises(CatalogError, match=why):
        cli.main(["build", "rocm"])


@pytest.mark.usefixtures("engine")
def test_an_arm64_host_builds_for_itself_and_needs_no_emulation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, platforms.Platform]] = []
    monkeypatch.setattr(
        cli,
        "build_variant",
        lambda _, variant, **more: asked.append((variant.name, more["platform"])),
    )
    monkeypatch.setattr(
        cli, "build_universal", lambda _, **more: asked.append(("universal", more["platform"]))
    )
    monkeypatch.setattr(platforms, "native", lambda client: ARM64)
    monkeypatch.setattr(platforms, "runs", None)  # nothing is asked of it
    cli.main(["build", "all"])
    assert asked == [("cpu", ARM64), ("cuda", ARM64), ("universal", ARM64)]
    assert "Left out: torch 2.13.0 has no rocm7.2 build for aarch64" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["auto", "sandbox"])
def test_what_is_chosen_for_this_machine_is_for_no_other_platform(name: str) -> None:
    with pytest.raises(CatalogError, match="--platform linux/arm64 needs a VARIANT"):
        cli.main(["build", name, "--platform", "linux/arm64"])
