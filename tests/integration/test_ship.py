"""Images reach a registry and an archive, and come back the same, each to its own platform."""

import io
import os
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

from images.contents import inventory
from images.engine import platforms
from images.engine.engine import BUILDKIT, build_client
from images.errors import ShipError
from images.publish import manifests, transfer

TAG = "alternator-test-ship:1"
DOCKERFILE = f"""\
FROM scratch
COPY platform.txt /
LABEL {inventory.VARIANT_LABEL}=cpu {inventory.REVISION_LABEL}={{revision}}
"""


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


def build_for(platform: platforms.Platform, tag: str, folder: Path, revision: str = "one") -> None:
    """Build an image of one file for a platform, which takes no program of that platform."""
    (folder / "platform.txt").write_text(f"{platform}\n")
    (folder / "Dockerfile").write_text(DOCKERFILE.format(revision=revision))
    command = [str(build_client()), "build", "--platform", str(platform), "--tag", tag, str(folder)]
    result = subprocess.run(
        command, env={**os.environ, **BUILDKIT}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.fixture
def pair(engine: docker.DockerClient, tmp_path: Path) -> Iterator[dict[str, str]]:
    """One image for the engine's own platform and one for the other: tags by architecture."""
    own = platforms.native(engine)
    tags = {}
    for platform in platforms.PLATFORMS:
        tag = platforms.tag_for(TAG, platform, own)
        folder = tmp_path / platform.architecture
        folder.mkdir()
        build_for(platform, tag, folder)
        tags[platform.architecture] = tag
    yield tags
    for image in engine.images.list():
        for tag in image.tags:
            if tag.rpartition("/")[2].startswith(TAG):
                engine.images.remove(tag, force=True)


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
    [pushed] = list(transfer.push(engine, f"{registry}/team", [small_image]))
    assert pushed.reference == f"{registry}/team/{small_image}"
    assert pushed.platforms == (str(platforms.native(engine)),)
    with pytest.raises(ImageNotFound):
        engine.images.get(pushed.reference)  # the name was for the push alone
    pulled = engine.images.pull(f"{registry}/team/{small_image.partition(':')[0]}@{pushed.digest}")
    assert pulled.id == before


def test_images_of_two_platforms_are_one_name_in_the_registry(
    engine: docker.DockerClient, pair: dict[str, str], registry: str
) -> None:
    ids = {name: engine.images.get(tag).id for name, tag in pair.items()}
    assert len(set(ids.values())) == 2
    [pushed] = list(transfer.push(engine, f"{registry}/team", list(pair.values())))
    assert pushed.reference == f"{registry}/team/{TAG}"
    assert pushed.platforms == ("linux/amd64", "linux/arm64")
    answer = requests.get(
        f"http://{registry}/v2/team/{TAG.replace(':', '/manifests/')}",
        headers={"Accept": "application/vnd.docker.distribution.manifest.list.v2+json"},
        timeout=10,
    )
    assert answer.headers["Docker-Content-Digest"] == pushed.digest
    listed = [entry["platform"]["architecture"] for entry in answer.json()["manifests"]]
    assert sorted(listed) == ["amd64", "arm64"]
    repository, _, version = pushed.reference.rpartition(":")
    for architecture, image_id in ids.items():
        pulled = engine.images.pull(repository, version, platform=f"linux/{architecture}")
        assert (pulled.id, pulled.attrs["Architecture"]) == (image_id, architecture)
        by_tag = engine.images.pull(repository, f"{version}-{architecture}")
        assert by_tag.id == image_id


def test_a_platform_without_an_image_is_refused_to_who_pulls_it(
    engine: docker.DockerClient, small_image: str, registry: str
) -> None:
    [pushed] = list(transfer.push(engine, f"{registry}/alone", [small_image]))
    repository, _, version = pushed.reference.rpartition(":")
    [other] = [p for p in platforms.PLATFORMS if p != platforms.native(engine)]
    *_, last = engine.api.pull(repository, version, platform=str(other), stream=True, decode=True)
    assert f"no matching manifest for {other}" in last["error"]


def test_pushing_again_replaces_the_index(
    engine: docker.DockerClient, pair: dict[str, str], registry: str
) -> None:
    native = pair[platforms.native(engine).architecture]
    both = list(transfer.push(engine, f"{registry}/again", list(pair.values())))
    [alone] = list(transfer.push(engine, f"{registry}/again", [native]))
    assert both[0].digest != alone.digest
    assert len(alone.platforms) == 1


def test_images_of_two_commits_are_not_joined(
    engine: docker.DockerClient, pair: dict[str, str], registry: str, tmp_path: Path
) -> None:
    build_for(platforms.ARM64, pair["arm64"], tmp_path / "arm64", revision="two")
    with pytest.raises(
        ShipError, match=r"not of one commit on every platform \(amd64 of one, arm64 of two\)"
    ):
        list(transfer.push(engine, f"{registry}/mixed", list(pair.values())))
    assert not requests.get(f"http://{registry}/v2/mixed/{TAG.partition(':')[0]}/tags/list").ok


def test_a_join_of_what_is_not_there_has_the_registrys_words(
    engine: docker.DockerClient, registry: str
) -> None:
    missing = f"{registry}/team/absent@sha256:{'0' * 64}"
    with pytest.raises(ShipError, match=r"docker manifest create .* failed: "):
        manifests.join(engine, f"{registry}/team/absent:1", [missing])


def test_only_a_registry_that_the_engine_calls_insecure_is_asked_without_tls(
    engine: docker.DockerClient,
) -> None:
    assert manifests.is_insecure(engine, "127.0.0.1:5000/team/image:1")
    assert manifests.is_insecure(engine, "localhost:5000/image:1")
    assert not manifests.is_insecure(engine, "registry.example/team/image:1")
    assert not manifests.is_insecure(engine, "docker.io/team/image:1")


def test_a_registry_that_does_not_answer_is_named(
    engine: docker.DockerClient, small_image: str
) -> None:
    with pytest.raises(ShipError, match=r"127\.0\.0\.1:1/alternator-test-ship"):
        list(transfer.push(engine, "127.0.0.1:1", [small_image]))


def test_an_archive_brings_the_image_to_another_host(
    engine: docker.DockerClient, small_image: str, tmp_path: Path
) -> None:
    before = engine.images.get(small_image).id
    archive = tmp_path / "images.tar"
    assert transfer.save(engine, [small_image], archive) == archive.stat().st_size
    engine.images.remove(small_image, force=True)
    assert transfer.load(engine, archive) == [small_image]
    assert engine.images.get(small_image).id == before
    assert [path.name for path in tmp_path.iterdir()] == ["images.tar"]


def test_an_archive_with_another_platform_takes_no_tag_from_the_own_one(
    engine: docker.DockerClient, pair: dict[str, str], tmp_path: Path
) -> None:
    """An arm64 host's archive has its image under the plain tag, and so has this host's."""
    own = platforms.native(engine)
    [other] = [p for p in platforms.PLATFORMS if p != own]
    native_id = engine.images.get(TAG).id
    foreign = engine.images.get(pair[other.architecture])
    repository, _, version = TAG.partition(":")
    archive = tmp_path / "images.tar"
    foreign.tag(repository, version)  # as it is called over there
    transfer.save(engine, [TAG], archive)
    engine.images.get(native_id).tag(repository, version)
    engine.images.remove(pair[other.architecture])
    assert transfer.load(engine, archive) == [f"{TAG}-{other.architecture}"]
    assert engine.images.get(TAG).id == native_id
    assert engine.images.get(f"{TAG}-{other.architecture}").id == foreign.id


def test_an_archive_made_on_another_platform_brings_the_own_image_under_its_plain_tag(
    engine: docker.DockerClient, pair: dict[str, str], tmp_path: Path
) -> None:
    """Over there this platform was the foreign one, so its image has a tag that says so."""
    own = platforms.native(engine)
    native = engine.images.get(pair[own.architecture])
    archive = tmp_path / "images.tar"
    suffixed = f"{TAG}-{own.architecture}"
    native.tag(*suffixed.split(":"))
    transfer.save(engine, [suffixed], archive)
    engine.images.remove(suffixed)
    engine.images.remove(TAG)
    assert transfer.load(engine, archive) == [TAG]
    assert engine.images.get(TAG).id == native.id
    with pytest.raises(ImageNotFound):
        engine.images.get(suffixed)


def test_an_image_that_is_not_here_is_named(engine: docker.DockerClient, tmp_path: Path) -> None:
    with pytest.raises(ShipError, match="there is no image alternator:none here"):
        transfer.save(engine, ["alternator:none"], tmp_path / "images.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_holds_no_images_is_named(engine: docker.DockerClient, tmp_path: Path) -> None:
    junk = tmp_path / "junk.tar"
    junk.write_bytes(b"junk" * 1000)
    with pytest.raises(ShipError, match=r"junk\.tar is no archive of images"):
        transfer.load(engine, junk)


def test_the_list_shows_ours_with_its_size_and_age(
    engine: docker.DockerClient, small_image: str
) -> None:
    found = {image.tag: image for image in inventory.local_images(engine)}
    assert found[small_image].variant == "cpu"
    assert found[small_image].revision == "unknown"
    assert found[small_image].platform == str(platforms.native(engine))
