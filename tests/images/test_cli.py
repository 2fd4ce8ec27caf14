"""What ``alternator images build`` makes of its options, before anything is built."""

import argparse
import io

import pytest
from fake_engine import FakeEngine, fake_builder

from images import cli
from images.build.build import BuildRequest
from images.catalog import Variant
from images.console import Console
from images.engine.answers import EngineFacts
from images.engine.engine import Engine
from images.engine.platforms import AMD64, ARM64
from images.errors import CatalogError

ARM = FakeEngine(facts=EngineFacts(machine="aarch64", secure={}))


def options(*argv: str) -> argparse.Namespace:
    parser, _ = cli.make_parser()
    return parser.parse_args(["build", *argv])


def plan(
    *argv: str, engine: Engine | None = None, said: io.StringIO | None = None
) -> list[BuildRequest]:
    engine, parsed = engine or FakeEngine(), options(*argv)
    images = cli.choose_images(parsed, fake_builder(engine))
    wanted = cli.parse_platforms(parsed.platform) or [engine.platform]
    return cli.plan(images, wanted, parsed, Console(said or io.StringIO()))


def named(requests: list[BuildRequest]) -> list[tuple[str, str]]:
    return [(request.image.name, str(request.platform)) for request in requests]


def test_every_option_reaches_the_request() -> None:
    [request] = plan("cuda", "--wheel", "cu126", "--base", "bootstrap", "--full")
    assert isinstance(request.image, Variant)
    assert request.image.wheel == "cu126"
    assert (request.platform, request.base, request.full) == (AMD64, "bootstrap", True)
    [rocm] = plan("rocm", "--gfx", "gfx1100")
    assert rocm.gfx == "gfx1100"


@pytest.mark.parametrize("name", ["universal", "sandbox"])
def test_the_images_without_torch(name: str) -> None:
    assert named(plan(name)) == [(name, "linux/amd64")]


def test_all_of_them_for_both_platforms() -> None:
    said = io.StringIO()
    assert named(plan("all", "--platform", "linux/amd64,arm64", said=said)) == [
        ("cpu", "linux/amd64"),
        ("cuda", "linux/amd64"),
        ("rocm", "linux/amd64"),
        ("universal", "linux/amd64"),
        ("cpu", "linux/arm64"),
        ("cuda", "linux/arm64"),
        ("universal", "linux/arm64"),
    ]
    assert "Left out: torch 2.13.0 has no rocm7.2 build for aarch64" in said.getvalue()


def test_an_arm64_host_builds_for_itself() -> None:
    assert {platform for _, platform in named(plan("all", engine=ARM))} == {str(ARM64)}


@pytest.mark.parametrize("argv", [("rocm", "--platform", "linux/arm64"), ("rocm",)])
def test_an_image_whose_torch_does_not_exist_is_refused(argv: tuple[str, ...]) -> None:
    """Also on an arm64 host itself, where nobody names the platform."""
    why = r"no rocm7\.2 build for aarch64 \(linux/arm64\), only for x86_64; VARIANT=cpu"
    with pytest.raises(CatalogError, match=why):
        plan(*argv, engine=ARM)


@pytest.mark.parametrize("name", ["auto", "sandbox"])
def test_what_is_chosen_for_this_machine_is_for_no_other_platform(name: str) -> None:
    with pytest.raises(CatalogError, match="--platform linux/arm64 needs a VARIANT"):
        plan(name, "--platform", "linux/arm64")


@pytest.mark.parametrize("name", ["all", "universal", "sandbox"])
def test_a_wheel_is_of_one_variant(name: str) -> None:
    with pytest.raises(CatalogError, match="--wheel cu126 needs one VARIANT that it is a build of"):
        plan(name, "--wheel", "cu126")


def test_only_the_cuda_image_has_a_complete_one() -> None:
    with pytest.raises(CatalogError, match="--full is for the CUDA image: cpu has all"):
        plan("all", "--full")


def test_the_committed_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["render", "--check"], FakeEngine(), Console()) == 0
    assert cli.run(["lock", "--check"], FakeEngine(), Console()) == 0
    assert capsys.readouterr().out.splitlines() == [
        "The committed Dockerfiles and locks are what the templates and the catalog give.",
        "The committed locks are what the catalog asks for.",
    ]


def test_a_lock_that_there_is_not_is_no_current_one() -> None:
    with pytest.raises(CatalogError, match="there is no lock 'metal'; choose from"):
        cli.run(["lock", "--check", "metal"], FakeEngine(), Console())


def test_an_unknown_platform_is_told_before_an_engine_is_asked() -> None:
    engine = FakeEngine(environ={"PATH": "/nonexistent", "ALTERNATOR_INSTALL": "no"})
    with pytest.raises(CatalogError, match="no image is built for 'riscv64'"):
        cli.run(["build", "cpu", "--platform", "riscv64"], engine, Console(io.StringIO()))


@pytest.mark.parametrize("name", ["cuda", "cpu", "universal", "sandbox"])
def test_amds_targets_are_for_its_image(name: str) -> None:
    with pytest.raises(CatalogError, match=f"--gfx gfx1100 names AMD's targets, and {name} has no"):
        plan(name, "--gfx", "gfx1100")


def test_of_all_images_only_amds_has_targets() -> None:
    requests = plan("all", "--gfx", "gfx1100")
    assert {(request.image.name, request.gfx) for request in requests} == {
        ("cpu", ""),
        ("cuda", ""),
        ("rocm", "gfx1100"),
        ("universal", ""),
    }


@pytest.mark.parametrize("targets", ["gfx110", "gfx1100,navi31", "gfx1100,"])
def test_a_target_without_kernels_is_refused(targets: str) -> None:
    """An image for it would have had none at all."""
    with pytest.raises(CatalogError, match=r"rocm7\.2 has no kernels for .*gfx1030"):
        plan("rocm", "--gfx", targets)
