"""An engine that answers from tables, for what needs no real one, and a builder with it."""

import io
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from typing import Any

from docker.errors import DockerException

from images.build.builder import Builder
from images.build.site_settings import Site
from images.catalog import load_catalog
from images.console import Console
from images.engine.answers import EngineFacts, ImageFacts
from images.engine.apt import Apt
from images.engine.engine import Engine, EngineState

FACTS = EngineFacts(machine="x86_64", secure={})


class FakeEngine(Engine):
    """Answers what it was given; a question that needs a real engine fails the test."""

    def __init__(
        self,
        *,
        facts: EngineFacts = FACTS,
        images: Iterable[ImageFacts] = (),
        environ: Mapping[str, str] | None = None,
        state: EngineState | None = None,
        registry: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(environ or {})
        self._facts = facts
        self._images = list(images)
        self._state = state or EngineState(reachable=True, version="25.0")
        self.registry = dict(registry or {})

    @property
    def client(self) -> Any:
        raise AssertionError("this test needs no engine")

    def state(self) -> EngineState:
        return self._state

    def facts(self) -> EngineFacts:
        return self._facts

    def find(self, reference: str) -> ImageFacts | None:
        names = ((image, (image.image_id, *image.tags)) for image in self._images)
        return next((image for image, known in names if reference in known), None)

    def images(self, label: str | None = None) -> list[ImageFacts]:
        return [image for image in self._images if label is None or label in image.labels]

    @contextmanager
    def patience(self, seconds: int) -> Any:
        """A client that has a registry and nothing else."""
        yield _Client(self.registry)


class _Client:
    def __init__(self, registry: Mapping[str, str]) -> None:
        self.images = _Images(registry)


class _Images:
    def __init__(self, registry: Mapping[str, str]) -> None:
        self._registry = registry

    def get_registry_data(self, name: str) -> Any:
        if name not in self._registry:
            raise OSError("registry.example: no route to host")
        return type("RegistryData", (), {"id": self._registry[name]})

    def pull(self, reference: str, *, platform: str) -> Any:
        raise DockerException(f"no route to the registry of {reference} ({platform})")


def image_facts(tag: str, **changes: Any) -> ImageFacts:
    """An image of one layer."""
    known: dict[str, Any] = {
        "image_id": f"sha256:{tag}",
        "tags": (tag,),
        "digests": (),
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-11-22T20:00:00Z",
        "size": 1_000_000,
        "layers": ("sha256:1",),
        "config": {},
        "labels": {},
    }
    return ImageFacts(**{**known, **changes})


def fake_builder(engine: Engine, console: Console | None = None, **changes: Any) -> Builder:
    """A builder that may install nothing, on a site that adds nothing."""
    console = console or Console(io.StringIO())
    known: dict[str, Any] = {
        "engine": engine,
        "catalog": load_catalog(),
        "site": Site(),
        "apt": Apt(environ=engine.environ, may_install=False, console=console),
        "console": console,
    }
    return Builder(**{**known, **changes})
