"""Images reach a registry and an archive, and come back the same."""

import io
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests
from docker.errors import ImageNotFound

from images import inventory, ship
from images.errors import ShipError

TAG = "alternator-test-ship:1"


@pytest.fixture
def small_image(engine: docker.DockerClient) -> Iterator[str]:
    """An image of one file that carries our label."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        entry = tarfile.TarInfo("hello.txt")
        entry.size = 6
        archive.addfile(entry, io.BytesIO(b"hello\n"))
    repository, _, version = TAG.partition(":")
    engine.api.import_image_from_data(
        content.getvalue(),
        repository=repository,
        tag=version,
        changes=[f"LABEL {inventory.VARIANT_LABEL}=cpu", 'CMD ["none"]'],
    )
    yield TAG
    engine.images.remove(TAG, force=True)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's registry on a port of loopback, with a store of its own."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed (Debian package docker-registry)")
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = folder / "config.yml"
    settings.write_text(
        f"version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{address}'}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}}}}}\n"
    )
    process = subprocess.Popen([program, "serve", str(settings)])
    try:
        wait_for_answer(f"http://{address}/v2/")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_for_answer(url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"{url} does not answer")


def test_what_is_pushed_can_be_pulled_and_is_the_same(
    engine: docker.DockerClient, small_image: str, registry: str
) -> None:
    before = engine.images.get(small_image).id
    [(reference, digest)] = list(ship.push(engine, f"{registry}/team", [small_image]))
    assert reference == f"{registry}/team/{small_image}"
    with pytest.raises(ImageNotFound):
        engine.images.get(reference)  # the name was for the push alone
    pulled = engine.images.pull(f"{registry}/team/{small_image.partition(':')[0]}@{digest}")
    assert pulled.id == before


def test_a_registry_that_does_not_answer_is_named(
    engine: docker.DockerClient, small_image: str
) -> None:
    with pytest.raises(ShipError, match=r"127\.0\.0\.1:1/alternator-test-ship"):
        list(ship.push(engine, "127.0.0.1:1", [small_image]))


def test_an_archive_brings_the_image_to_another_host(
    engine: docker.DockerClient, small_image: str, tmp_path: Path
) -> None:
    before = engine.images.get(small_image).id
    archive = tmp_path / "images.tar"
    assert ship.save(engine, [small_image], archive) == archive.stat().st_size
    engine.images.remove(small_image, force=True)
    assert ship.load(engine, archive) == [small_image]
    assert engine.images.get(small_image).id == before
    assert [path.name for path in tmp_path.iterdir()] == ["images.tar"]


def test_an_image_that_is_not_here_is_named(engine: docker.DockerClient, tmp_path: Path) -> None:
    with pytest.raises(ShipError, match="there is no image alternator:none here"):
        ship.save(engine, ["alternator:none"], tmp_path / "images.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_holds_no_images_is_named(engine: docker.DockerClient, tmp_path: Path) -> None:
    junk = tmp_path / "junk.tar"
    junk.write_bytes(b"junk" * 1000)
    with pytest.raises(ShipError, match=r"junk\.tar is no archive of images"):
        ship.load(engine, junk)


def test_the_list_shows_ours_with_its_size_and_age(
    engine: docker.DockerClient, small_image: str
) -> None:
    found = {image.tag: image for image in inventory.local_images(engine)}
    assert found[small_image].variant == "cpu"
    assert found[small_image].revision == "unknown"
