"""What an engine says of platforms, asked of the engine that runs here."""

from dataclasses import replace

import pytest

from images.build import base
from images.build.builder import Builder
from images.engine import emulation, platforms
from images.engine.container import Container
from images.engine.engine import Engine
from images.engine.platforms import ARM64
from images.errors import EngineError

# A number that no machine has: no kernel runs such a program, whatever emulation is installed.
NOWHERE = replace(ARM64, architecture="nowhere", machine="nowhere", elf_machine=0x1234)


def test_an_engine_runs_its_own_platform(engine: Engine) -> None:
    assert emulation.runs(engine, engine.platform)


def test_an_engine_without_emulation_is_named_with_the_remedy(engine: Engine) -> None:
    own = engine.platform
    emulation.require_emulation(engine, [own])
    with pytest.raises(EngineError) as failure:
        emulation.require_emulation(engine, [own, NOWHERE])
    message = str(failure.value)
    assert f"runs {own} and has no emulation of linux/nowhere" in message
    assert "apt-get install qemu-user-static" in message
    assert "or build on a machine of linux/nowhere" in message


def test_the_trial_leaves_nothing(engine: Engine) -> None:
    emulation.runs(engine, NOWHERE)
    assert not [tag for image in engine.images() for tag in image.tags if "trial" in tag]


def test_a_base_of_another_platform_runs_that_platforms_python(builder: Builder) -> None:
    engine = builder.engine
    [other] = [known for known in platforms.PLATFORMS if known != engine.platform]
    if not emulation.runs(engine, other):
        pytest.skip(f"the engine has no emulation of {other} (Debian package qemu-user-static)")
    tag = builder.catalog.base.bootstrap_tag(other.architecture)
    found = engine.find(tag)
    if found is None:
        pytest.skip(f"there is no {tag} here: `make images VARIANT=cpu PLATFORM={other}` makes it")
    assert base.resolve(builder, None, other) == tag
    assert found.architecture == other.architecture
    program = "import platform; print(platform.machine())"
    with Container(engine, tag, ["python3", "-c", program]) as container:
        assert container.until_it_ends(60).output.strip() == other.machine
