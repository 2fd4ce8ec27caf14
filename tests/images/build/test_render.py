"""The committed Dockerfiles are what the templates give, and each is what its variant needs."""

from pathlib import Path

import jinja2
import pytest

from images.build import render
from images.catalog import load_catalog
from images.errors import StaleError


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with freshly rendered files."""
    render.write(tmp_path)
    return tmp_path


def test_committed_files_are_current() -> None:
    render.check()


def test_second_render_changes_nothing(checkout: Path) -> None:
    assert render.write(checkout) == []


def test_check_fails_on_an_edited_file_and_shows_the_difference(checkout: Path) -> None:
    dockerfile = checkout / "images/cuda/Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("USER 10001:10001", "USER root"))
    with pytest.raises(StaleError) as failure:
        render.check(checkout)
    assert "images/cuda/Dockerfile (committed)" in str(failure.value)
    assert "-USER root" in str(failure.value)
    assert "+USER 10001:10001" in str(failure.value)


def test_check_fails_on_a_missing_file(checkout: Path) -> None:
    (checkout / "images/rocm/Dockerfile").unlink()
    with pytest.raises(StaleError, match=r"images/rocm/Dockerfile"):
        render.check(checkout)


@pytest.mark.parametrize("variant", ["cpu", "cuda", "rocm"])
def test_variant_dockerfile(checkout: Path, variant: str) -> None:
    text = (checkout / "images" / variant / "Dockerfile").read_text()
    wheel = load_catalog().variants[variant].wheel
    assert f"ARG WHEEL={wheel}\n" in text
    assert f"finish-packages.sh {variant} " in text
    assert f"source=images/wheelhouse/{variant},target=/wheelhouse" in text
    assert "\nUSER 10001:10001\n" in text
    assert "# syntax=" not in text  # it would need a pull
    assert ("NVIDIA_VISIBLE_DEVICES" in text) == (variant == "cuda")
    assert ("LD_LIBRARY_PATH=/usr/local/nvidia/lib64" in text) == (variant == "cuda")  # as on GKE
    # A subreaper says nothing where it is not PID 1: docker run --init, a pod's shared processes.
    assert 'ENTRYPOINT ["/usr/bin/tini", "-s", "--",' in text


def test_an_unknown_name_in_a_template_is_an_error(tmp_path: Path) -> None:
    for template in render.TEMPLATES.glob("*.j2"):
        (tmp_path / template.name).write_text(template.read_text())
    (tmp_path / "cpu.Dockerfile.j2").write_text("FROM {{ no_such_name }}\n")
    with pytest.raises(jinja2.UndefinedError, match="no_such_name"):
        list(render.rendered_files(load_catalog(), tmp_path))
