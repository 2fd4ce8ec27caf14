"""Images reach a registry and an archive, and come back the same, each to its own platform."""

import io
import json
import shutil
import socket
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from attested import PREDICATES
from docker.errors import ImageNotFound
from waiting import wait_for

from images.console import Console
from images.contents import inventory
from images.engine import platforms
from images.engine.engine import Engine
from images.errors import ShipError
from images.publish.attestations import read
from images.publish.index import Member, attestations_in, join
from images.publish.references import is_insecure
from images.publish.references import repository as repository_of
from images.publish.registry import OCI_INDEX, describe
from images.publish.transfer import Transfer

TAG = "alternator-test-ship:1"
DOCKERFILE = f"""\
FROM scratch
COPY platform.txt /
LABEL {inventory.VARIANT_LABEL}=cpu {inventory.REVISION_LABEL}={{revision}}
"""


@pytest.fixture
def moving(engine: Engine) -> Transfer:
    """What moves images in and out of the engine."""
    return Transfer(engine=engine, console=Console())


@pytest.fixture
def small_image(engine: Engine) -> Iterator[str]:
    """An image of one file that carries our label."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        entry = tarfile.TarInfo("hello.txt")
        entry.size = 6
        archive.addfile(entry, io.BytesIO(b"hello\n"))
    repository, _, version = TAG.partition(":")
    engine.client.api.import_image_from_data(
        content.getvalue(),
        repository=repository,
        tag=version,
        changes=[f"LABEL {inventory.VARIANT_LABEL}=cpu", 'CMD ["none"]'],
    )
    yield TAG
    engine.client.images.remove(TAG, force=True)


def build_for(
    engine: Engine, platform: platforms.Platform, tag: str, folder: Path, revision: str = "one"
) -> None:
    """Build an image of one file for a platform, which takes no program of that platform."""
    (folder / "platform.txt").write_text(f"{platform}\n")
    (folder / "Dockerfile").write_text(DOCKERFILE.format(revision=revision))
    command = [
        str(engine.build_client),
        "build",
        "--platform",
        str(platform),
        "--tag",
        tag,
        str(folder),
    ]
    result = subprocess.run(
        command, env=engine.build_environ(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.fixture
def pair(engine: Engine, tmp_path: Path) -> Iterator[dict[str, str]]:
    """One image for the engine's own platform and one for the other: tags by architecture."""
    own = engine.platform
    tags = {}
    for platform in platforms.PLATFORMS:
        tag = platforms.tag_for(TAG, platform, own)
        folder = tmp_path / platform.architecture
        folder.mkdir()
        build_for(engine, platform, tag, folder)
        tags[platform.architecture] = tag
    yield tags
    for image in engine.images():
        for tag in image.tags:
            if tag.rpartition("/")[2].startswith(TAG):
                engine.client.images.remove(tag, force=True)


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
        wait_for(lambda: answers(f"http://{address}/v2/"), 20, "the registry's answer")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.ConnectionError:
        return False


def test_what_is_pushed_can_be_pulled_and_is_the_same(
    engine: Engine, moving: Transfer, small_image: str, registry: str
) -> None:
    before = engine.client.images.get(small_image).id
    [pushed] = list(moving.push(f"{registry}/team", [small_image]))
    assert pushed.reference == f"{registry}/team/{small_image}"
    assert pushed.platforms == (str(engine.platform),)
    with pytest.raises(ImageNotFound):
        engine.client.images.get(pushed.reference)  # the name was for the push alone
    pulled = engine.client.images.pull(
        f"{registry}/team/{small_image.partition(':')[0]}@{pushed.digest}"
    )
    assert pulled.id == before


def test_images_of_two_platforms_are_one_name_in_the_registry(
    engine: Engine, moving: Transfer, pair: dict[str, str], registry: str
) -> None:
    ids = {name: engine.client.images.get(tag).id for name, tag in pair.items()}
    assert len(set(ids.values())) == 2
    [pushed] = list(moving.push(f"{registry}/team", list(pair.values())))
    assert pushed.reference == f"{registry}/team/{TAG}"
    assert pushed.platforms == ("linux/amd64", "linux/arm64")
    answer = requests.get(
        f"http://{registry}/v2/team/{TAG.replace(':', '/manifests/')}",
        headers={"Accept": OCI_INDEX},
        timeout=10,
    )
    assert answer.headers["Docker-Content-Digest"] == pushed.digest
    listed = [entry["platform"]["architecture"] for entry in answer.json()["manifests"]]
    assert sorted(listed) == ["amd64", "arm64"]
    repository, _, version = pushed.reference.rpartition(":")
    for architecture, image_id in ids.items():
        pulled = engine.client.images.pull(repository, version, platform=f"linux/{architecture}")
        assert (pulled.id, pulled.attrs["Architecture"]) == (image_id, architecture)
        by_tag = engine.client.images.pull(repository, f"{version}-{architecture}")
        assert by_tag.id == image_id


def test_attestations_are_pushed_beside_and_an_engine_pulls_past_them(
    engine: Engine, moving: Transfer, pair: dict[str, str], registry: str
) -> None:
    """Debian's registry lists no referrers: a tag made from the digest does."""
    pushed = list(moving.push(f"{registry}/said", list(pair.values()), lambda image: PREDICATES))
    repository, _, version = pushed[0].reference.rpartition(":")
    for architecture, tag in pair.items():
        pulled = engine.client.images.pull(repository, version, platform=f"linux/{architecture}")
        assert pulled.id == engine.client.images.get(tag).id
    there = repository_of(engine.facts(), repository)
    attested = attestations_in(there, pushed[0].digest)
    assert len(attested) == 2
    for digest, manifest in attested.items():
        assert read(there, manifest) == PREDICATES
        listed = there.get_manifest(digest.replace(":", "-"))
        assert listed is not None
        [entry] = json.loads(listed[0])["manifests"]
        assert entry["digest"] == describe(manifest, "")["digest"]


def test_a_platform_without_an_image_is_refused_to_who_pulls_it(
    engine: Engine, moving: Transfer, small_image: str, registry: str
) -> None:
    [pushed] = list(moving.push(f"{registry}/alone", [small_image]))
    repository, _, version = pushed.reference.rpartition(":")
    [other] = [p for p in platforms.PLATFORMS if p != engine.platform]
    *_, last = engine.client.api.pull(
        repository, version, platform=str(other), stream=True, decode=True
    )
    assert f"no matching manifest for {other}" in last["error"]


def test_pushing_again_replaces_the_index(
    engine: Engine, moving: Transfer, pair: dict[str, str], registry: str
) -> None:
    native = pair[engine.platform.architecture]
    both = list(moving.push(f"{registry}/again", list(pair.values())))
    [alone] = list(moving.push(f"{registry}/again", [native]))
    assert both[0].digest != alone.digest
    assert len(alone.platforms) == 1


def test_images_of_two_commits_are_not_joined(
    engine: Engine, moving: Transfer, pair: dict[str, str], registry: str, tmp_path: Path
) -> None:
    build_for(engine, platforms.ARM64, pair["arm64"], tmp_path / "arm64", revision="two")
    with pytest.raises(
        ShipError, match=r"not of one commit on every platform \(amd64 of one, arm64 of two\)"
    ):
        list(moving.push(f"{registry}/mixed", list(pair.values())))
    assert not requests.get(f"http://{registry}/v2/mixed/{TAG.partition(':')[0]}/tags/list").ok


def test_a_join_of_what_is_not_there_names_it(engine: Engine, registry: str) -> None:
    there = repository_of(engine.facts(), f"{registry}/team/absent")
    missing = Member(architecture="amd64", digest=f"sha256:{'0' * 64}")
    with pytest.raises(ShipError, match=r"team/absent has no image sha256:0+"):
        join(there, "1", [missing])


def test_only_a_registry_that_the_engine_calls_insecure_is_asked_without_tls(
    engine: Engine,
) -> None:
    assert is_insecure(engine.facts(), "127.0.0.1:5000/team/image:1")
    assert is_insecure(engine.facts(), "localhost:5000/image:1")
    assert not is_insecure(engine.facts(), "registry.example/team/image:1")
    assert not is_insecure(engine.facts(), "docker.io/team/image:1")


def test_a_registry_that_does_not_answer_is_named(
    engine: Engine, moving: Transfer, small_image: str
) -> None:
    with pytest.raises(ShipError, match=r"127\.0\.0\.1:1/alternator-test-ship"):
        list(moving.push("127.0.0.1:1", [small_image]))


def test_an_archive_brings_the_image_to_another_host(
    engine: Engine, moving: Transfer, small_image: str, tmp_path: Path
) -> None:
    before = engine.client.images.get(small_image).id
    archive = tmp_path / "images.tar"
    assert moving.save([small_image], archive) == archive.stat().st_size
    engine.client.images.remove(small_image, force=True)
    assert moving.load(archive) == [small_image]
    assert engine.client.images.get(small_image).id == before
    assert [path.name for path in tmp_path.iterdir()] == ["images.tar"]


def test_an_archive_with_another_platform_takes_no_tag_from_the_own_one(
    engine: Engine, moving: Transfer, pair: dict[str, str], tmp_path: Path
) -> None:
    """An arm64 host's archive has its image under the plain tag, and so has this host's."""
    own = engine.platform
    [other] = [p for p in platforms.PLATFORMS if p != own]
    native = engine.client.images.get(TAG)
    foreign = engine.client.images.get(pair[other.architecture])
    repository, _, version = TAG.partition(":")
    archive = tmp_path / "images.tar"
    foreign.tag(repository, version)  # as it is called over there
    moving.save([TAG], archive)
    native.tag(repository, version)
    engine.client.images.remove(pair[other.architecture])
    assert moving.load(archive) == [f"{TAG}-{other.architecture}"]
    assert engine.client.images.get(TAG).id == native.id
    assert engine.client.images.get(f"{TAG}-{other.architecture}").id == foreign.id


def test_an_archive_made_on_another_platform_brings_the_own_image_under_its_plain_tag(
    engine: Engine, moving: Transfer, pair: dict[str, str], tmp_path: Path
) -> None:
    """Over there this platform was the foreign one, so its image has a tag that says so."""
    own = engine.platform
    native = engine.client.images.get(pair[own.architecture])
    archive = tmp_path / "images.tar"
    suffixed = f"{TAG}-{own.architecture}"
    native.tag(*suffixed.split(":"))
    moving.save([suffixed], archive)
    engine.client.images.remove(suffixed)
    engine.client.images.remove(TAG)
    assert moving.load(archive) == [TAG]
    assert engine.client.images.get(TAG).id == native.id
    with pytest.raises(ImageNotFound):
        engine.client.images.get(suffixed)


def test_an_image_that_is_not_here_is_named(
    engine: Engine, moving: Transfer, tmp_path: Path
) -> None:
    with pytest.raises(ShipError, match="there is no image alternator:none here"):
        moving.save(["alternator:none"], tmp_path / "images.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_holds_no_images_is_named(
    engine: Engine, moving: Transfer, tmp_path: Path
) -> None:
    junk = tmp_path / "junk.tar"
    junk.write_bytes(b"junk" * 1000)
    with pytest.raises(ShipError, match=r"junk\.tar is no archive of images"):
        moving.load(junk)


def test_the_list_shows_ours_with_its_size_and_age(engine: Engine, small_image: str) -> None:
    found = {image.tag: image for image in inventory.local_images(engine)}
    assert found[small_image].variant == "cpu"
    assert found[small_image].revision == "unknown"
    assert found[small_image].platform == str(engine.platform)
