"""The engine's answers as objects: what of them is used, validated once, where they are read.

The answers are those of ``docker info``, ``docker image inspect`` and ``docker history``:
https://github.com/moby/moby/blob/master/api/docs/v1.41.yaml
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from images.errors import EngineError

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class EngineFacts:
    """What an engine says of itself: machine, runtimes by name, and how it talks to registries.

    ``cdi_folders`` is empty for an engine that reads no device specification (before version 25).
    ``secure`` holds, for registries that were configured, whether they are asked over TLS only.
    ``podman`` is whether it is Podman behind Docker's API; ``rootless``, whether it runs as a user.
    """

    machine: str
    podman: bool = False
    rootless: bool = False
    runtimes: frozenset[str] = frozenset()
    cdi_folders: tuple[str, ...] = ()
    secure: Mapping[str, bool]
    insecure_networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """One image: what it is called, what it is for, and what it weighs in bytes.

    ``created`` is the engine's text (RFC 3339, up to nine decimals). ``config`` is the image's own
    configuration, passed on as it is.
    """

    image_id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]  # name@sha256:..., one for each registry that it came from
    architecture: str
    os: str
    created: str
    size: int
    layers: tuple[str, ...]
    config: Mapping[str, object]
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class HistoryStep:
    """One step of an image's history: its instruction, a comment, and its bytes."""

    created_by: str
    comment: str
    size: int


def validated(
    read: Callable[Parameters, Answer],
) -> Callable[Parameters, Answer]:
    """A reader that turns an answer of another shape into an EngineError."""

    @wraps(read)
    def reader(*arguments: Parameters.args, **named: Parameters.kwargs) -> Answer:
        try:
            return read(*arguments, **named)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EngineError(
                f"the container engine's answer is of an unknown shape ({error!r}): "
                f"`docker version` tells which engine it is"
            ) from error

    return reader


@validated
def engine_facts(info: Mapping[str, Any], version: Mapping[str, Any] | None = None) -> EngineFacts:
    """What ``docker info`` and ``docker version`` tell."""
    registries = info.get("RegistryConfig") or {}
    configured = registries.get("IndexConfigs") or {}
    return EngineFacts(
        machine=str(info["Architecture"]),
        podman=is_podman(version or {}),
        # https://docs.docker.com/engine/security/rootless/tips/, and Podman's own field
        rootless="name=rootless" in (info.get("SecurityOptions") or ())
        or info.get("Rootless") is True,
        runtimes=frozenset(info.get("Runtimes") or ()),
        cdi_folders=tuple(info.get("CDISpecDirs") or ()),
        secure={str(name): bool(facts["Secure"]) for name, facts in configured.items()},
        insecure_networks=tuple(registries.get("InsecureRegistryCIDRs") or ()),
    )


def is_podman(version: Mapping[str, Any]) -> bool:
    """Whether the engine that answers is Podman.

    https://github.com/containers/podman/blob/v4.3.1/pkg/api/handlers/compat/version.go
    """
    components = version.get("Components") or ()
    return any(part.get("Name") == "Podman Engine" for part in components)


@validated
def image_facts(attributes: Mapping[str, Any]) -> ImageFacts:
    """What ``docker image inspect`` tells."""
    config = attributes["Config"]
    return ImageFacts(
        image_id=str(attributes["Id"]),
        tags=tuple(attributes["RepoTags"] or ()),
        digests=tuple(attributes["RepoDigests"] or ()),
        architecture=str(attributes["Architecture"]),
        os=str(attributes["Os"]),
        created=str(attributes["Created"]),
        size=int(attributes["Size"]),
        layers=tuple(attributes["RootFS"].get("Layers") or ()),
        config=dict(config),
        labels=dict(config.get("Labels") or {}),
    )


@validated
def history_steps(steps: Sequence[Mapping[str, Any]]) -> tuple[HistoryStep, ...]:
    """What ``docker history`` tells, newest first."""
    return tuple(
        HistoryStep(
            created_by=str(step["CreatedBy"]),
            comment=str(step.get("Comment") or ""),
            size=int(step.get("Size") or 0),
        )
        for step in steps
    )
