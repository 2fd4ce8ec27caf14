"""The ROCm image, built against a stand-in for a wheel that can't be had without its index.

The stand-in is the CPU wheel under the ROCm build's name and version, with a torch/version.py that
claims HIP. It shows that the Dockerfile builds, that the assertion reads the torch inside, and that
the entrypoint falls back to the CPU. It says nothing about AMD hardware.
"""

import base64
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from images.build.build import BuildRequest, build
from images.build.builder import Builder
from images.catalog import CHECKOUT
from images.console import Console
from images.engine.container import Container
from images.engine.engine import Engine
from images.packages.wheelhouse import Wheelhouse

VERSION = "2.13.0"
TAG = "alternator-test:rocm-standin"


@pytest.fixture(scope="module")
def standin(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stand-in wheel, for pip's find-links."""
    catalog, machine = builder.catalog, builder.engine.platform.machine
    wheelhouse = Wheelhouse(catalog=catalog, environ=builder.environ, console=Console())
    folder = wheelhouse.fill(catalog.variant("cpu"), machine)
    source = next(folder.glob("torch-*.whl"))
    name = f"torch-{VERSION}+rocm7.2-cp311-cp311-linux_x86_64.whl"
    target = tmp_path_factory.mktemp("links") / name
    rename_wheel(source, target, old=f"{VERSION}+cpu", new=f"{VERSION}+rocm7.2")
    return target.parent


def rename_wheel(source: Path, target: Path, *, old: str, new: str) -> None:
    """Copy a torch wheel under another local version, with a version.py that claims HIP 7.2."""
    rows = []
    with zipfile.ZipFile(source) as wheel, zipfile.ZipFile(target, "w") as copy:
        for item in wheel.infolist():
            name, content = item.filename.replace(old, new), wheel.read(item)
            if name.endswith("RECORD"):
                continue
            if name == "torch/version.py":
                text = content.decode().replace(old, new)
                content = text.replace("hip: Optional[str] = None", "hip = '7.2.0'").encode()
            elif name.endswith((".dist-info/METADATA", ".dist-info/WHEEL")):
                content = content.decode().replace(f"Version: {old}", f"Version: {new}").encode()
            copy.writestr(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            rows.append([name, f"sha256={digest.decode()}", len(content)])
        record = io.StringIO()
        name = f"torch-{new}.dist-info/RECORD"
        csv.writer(record).writerows([*rows, [name, "", ""]])
        copy.writestr(name, record.getvalue())


@pytest.fixture(scope="module")
def rocm_image(
    builder: Builder, standin: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The ROCm image with the stand-in inside, kept apart from what an operator builds."""
    with Engine({**builder.environ, "PIP_FIND_LINKS": str(standin)}) as engine:
        request = BuildRequest(
            image=builder.catalog.variant("rocm"), pool=tmp_path_factory.mktemp("pool"), tag=TAG
        )
        built = build(request, replace(builder, engine=engine))
        yield built.tag
        engine.client.images.remove(TAG, force=True)
    for wheel in (CHECKOUT / "images/wheelhouse/rocm").glob("*.whl"):
        wheel.unlink()


def test_the_image_records_the_build_inside(engine: Engine, rocm_image: str) -> None:
    labels = engine.inspect(rocm_image).labels
    assert labels["alternator.variant"] == "rocm"
    assert labels["alternator.wheel"] == "rocm7.2"
    command = ["cat", "/opt/alternator/variant.json"]
    with Container(engine, rocm_image, command) as container:
        assert json.loads(container.until_it_ends(60).output)["hip"] == "7.2.0"


def test_without_an_amd_gpu_the_entrypoint_falls_back_and_says_why(
    engine: Engine, rocm_image: str
) -> None:
    command = ["alternator", "run"]
    with Container(engine, rocm_image, command, network_mode="none") as container:
        ended = container.until_it_ends(120)
    assert "CPU" in ended.messages
    assert "instance_url" in ended.messages  # it went on to the bot, which misses its configuration
    assert ended.status == 2
