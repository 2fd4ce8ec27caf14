"""Where images go: to a registry, or through a file to a machine without network.

An engine's image store holds one image a tag, so here an image of a platform other than the
engine's says so in its tag (``alternator:0.1.0-cpu-arm64``). In a registry every image has such a
tag, and the plain one names an index of them: who pulls it gets the image of his own platform, or a
refusal where there is none.
"""

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests
from docker.errors import DockerException

from images.console import Console
from images.contents.inventory import REVISION_LABEL
from images.engine.answers import ImageFacts
from images.engine.engine import Engine
from images.engine.platforms import Platform
from images.errors import ShipError
from images.publish.attestations import Predicate
from images.publish.index import Member, join
from images.publish.references import repository as repository_of

CHUNK = 4 * 1024 * 1024  # bytes
SLOW_S = 3600  # the engine may be silent while it packs several GB


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """An index in a registry: its reference and digest, and the platforms that it has images of."""

    reference: str
    digest: str
    platforms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Family:
    """The images that differ only in platform: their common tag, and each by architecture."""

    tag: str
    members: Mapping[str, ImageFacts]


# What is attested of an image.
Attested = Callable[[ImageFacts], Sequence[Predicate]]


def nothing_attested(image: ImageFacts) -> Sequence[Predicate]:
    """Nothing is said of an image."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Moves images between an engine and the world outside, with progress on a console."""

    engine: Engine
    console: Console

    def push(
        self, registry: str, tags: Sequence[str], attested: Attested = nothing_attested
    ) -> Iterator[Pushed]:
        """Push the images to ``registry`` (host[:port][/path]), and an index for those that differ
        only in platform, with what ``attested`` says of each; yields each index.

        Credentials are those of ``docker login``. ShipError has the registry's reason.
        """
        families = group({tag: self._get(tag) for tag in tags})
        for family in families:
            refuse_two_commits(family)
        # What can't be said is known before anything is pushed.
        said = {
            image.image_id: attested(image)
            for family in families
            for image in family.members.values()
        }
        for family in families:
            name, _, version = family.tag.rpartition(":")
            repository = f"{registry.rstrip('/')}/{name}"
            there = repository_of(self.engine.facts(), repository)
            members = [
                Member(
                    architecture=architecture,
                    digest=self._push_one(image.image_id, repository, f"{version}-{architecture}"),
                    predicates=said[image.image_id],
                )
                for architecture, image in sorted(family.members.items())
            ]
            yield Pushed(
                reference=f"{repository}:{version}",
                digest=join(there, version, members),
                platforms=tuple(f"linux/{name}" for name in sorted(family.members)),
            )

    def _get(self, tag: str) -> ImageFacts:
        found = self.engine.find(tag)
        if found is None:
            raise ShipError(f"there is no image {tag} here: build it first")
        return found

    def _push_one(self, image_id: str, repository: str, version: str) -> str:
        """Push one image under a name that it has for this alone; its digest there."""
        client = self.engine.client
        name, digest = f"{repository}:{version}", ""
        try:
            client.images.get(image_id).tag(repository, version)
        except DockerException as error:
            raise ShipError(f"{name} is no name for an image: {error}") from error
        with self.console.status() as status:
            try:
                for event in client.images.push(repository, version, stream=True, decode=True):
                    if "error" in event:
                        raise ShipError(f"{name} is not taken: {event['error']}")
                    status.update(f"pushing {name}")
                    digest = str(event.get("aux", {}).get("Digest", digest))
            except (DockerException, requests.RequestException) as error:
                raise ShipError(f"{name} can't be pushed: {error}") from error
            finally:
                client.images.remove(name)
        return digest

    def save(self, tags: Sequence[str], path: Path) -> int:
        """Write images into one archive; its size in bytes. Layers that they share are in it once.

        The file appears under its name only when it is whole.
        """
        for tag in tags:
            self._get(tag)
        unfinished = path.with_name(f"{path.name}.new")
        try:
            with self.console.status() as status, unfinished.open("wb") as file:
                for chunk in self._archive(tags):
                    file.write(chunk)
                    status.update(f"writing {path.name}")
            size = unfinished.stat().st_size
            unfinished.replace(path)
        except (OSError, requests.RequestException) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise ShipError(f"{path} can't be written: {reason}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return size

    def _archive(self, tags: Sequence[str]) -> Iterator[bytes]:
        """One archive of several images, which the SDK's own call can't ask for (ImageGetAll:
        https://github.com/moby/moby/blob/master/api/docs/v1.41.yaml)."""
        api = self.engine.client.api
        answer = api.get(
            f"{api.base_url}/v{api.api_version}/images/get",
            params={"names": list(tags)},
            stream=True,
            timeout=SLOW_S,
        )
        answer.raise_for_status()
        yield from answer.iter_content(CHUNK)

    def load(self, path: Path) -> list[str]:
        """Take the images out of an archive; their tags here. ShipError if it is none."""
        earlier = {tag: image.image_id for image in self.engine.images() for tag in image.tags}
        try:
            tags = _tags_in(path)
            with path.open("rb") as file, self.console.status() as status:
                status.update(f"loading {path.name}")
                with self.engine.patience(SLOW_S) as client:
                    client.images.load(file)
        except OSError as error:
            raise ShipError(f"{path}: {error.strerror or error}") from error
        except (DockerException, tarfile.TarError, LookupError, TypeError, ValueError) as error:
            raise ShipError(f"{path} is no archive of images: {error}") from error
        return sorted({self._rename(tag, earlier.get(tag)) for tag in tags})

    def _rename(self, tag: str, earlier: str | None) -> str:
        """Give an image the tag that it has on this engine, which it returns.

        ``earlier`` is the image that had the tag before; one of another platform gives it back.
        """
        image = self.engine.inspect(tag)
        wanted = tag_here(tag, image.architecture, self.engine.platform)
        if wanted == tag:
            return tag
        local = self.engine.client.images
        repository, _, version = tag.rpartition(":")
        local.get(image.image_id).tag(repository, wanted.rpartition(":")[2])
        local.remove(tag)
        if earlier is not None and earlier != image.image_id:
            local.get(earlier).tag(repository, version)
        return wanted


def group(found: Mapping[str, ImageFacts]) -> list[Family]:
    """The images by what they are of: those whose tags differ in the platform's suffix only."""
    families: dict[str, dict[str, ImageFacts]] = {}
    for tag, image in found.items():
        common = tag.removesuffix(f"-{image.architecture}")
        families.setdefault(common, {})[image.architecture] = image
    return [Family(tag=tag, members=members) for tag, members in families.items()]


def refuse_two_commits(family: Family) -> None:
    """ShipError where the images that are to be one name were not built from one commit."""
    revisions = {
        architecture: image.labels.get(REVISION_LABEL, "unknown")
        for architecture, image in sorted(family.members.items())
    }
    if len(set(revisions.values())) > 1:
        found = ", ".join(f"{name} of {revision}" for name, revision in revisions.items())
        raise ShipError(
            f"{family.tag} is not of one commit on every platform ({found}): build it for all of "
            f"them from one, or push one alone"
        )


def tag_here(tag: str, architecture: str, own: Platform) -> str:
    """The tag of an image on an engine of ``own``: plain if it is of that platform, else with its
    own architecture."""
    suffix = "" if architecture == own.architecture else f"-{architecture}"
    return tag.removesuffix(f"-{architecture}") + suffix


def _tags_in(path: Path) -> list[str]:
    """The names of the images in an archive; LookupError and TypeError for one of another shape.

    https://github.com/moby/moby/blob/master/image/spec/v1.2.md
    """
    with tarfile.open(path) as archive:
        manifest = archive.extractfile("manifest.json")
        entries = json.load(manifest) if manifest is not None else None
    if not isinstance(entries, list):
        raise TypeError("manifest.json is no list")
    return [str(tag) for entry in entries for tag in entry["RepoTags"] or ()]
