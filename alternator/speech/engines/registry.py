"""Finds engines by name: entry points of the group ``alternator.engines``, ours and others'.

A package that brings an engine registers ``name = "module:factory"``; the factory takes nothing
and gives an Engine that is still to be loaded. Only the engine asked for is imported.
https://packaging.python.org/en/latest/specifications/entry-points/
"""

import logging
from importlib.metadata import EntryPoint, entry_points

from alternator.errors import ConfigError, ModelError
from alternator.speech.engines.engine import Engine

GROUP = "alternator.engines"

AUTO = "auto"
AUTO_ENGINE = "alternator"  # what `auto` stands for
# Those that compute OpenAI's models.
WHISPER_ENGINES = (AUTO_ENGINE, "openai", "faster-whisper", "whisper.cpp")
# The extra that an engine of ours needs beside or instead of `whisper`.
EXTRAS = {
    "faster-whisper": "faster-whisper",
    "openai-api": "openai-api",
    "whisper.cpp": "whisper-cpp",
}

log = logging.getLogger(__name__)

OURS = "alternator"  # our own distribution, whose engines come with the extra `whisper`


def engine_names() -> tuple[str, ...]:
    """The names of the engines that are registered here, in order."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def check_name(name: str) -> None:
    """ConfigError if no engine is called so."""
    _entry_point(AUTO_ENGINE if name == AUTO else name)


def make_engine(name: str) -> Engine:
    """The engine of that name, not loaded yet; ``auto`` is the one that suits.

    ConfigError if none is called so, ModelError if it can't be imported or made.
    """
    point = _entry_point(AUTO_ENGINE if name == AUTO else name)
    try:
        factory = point.load()
    except ImportError as error:
        raise ModelError(
            f"the speech engine {point.name!r} can't be imported: {error}; {_remedy(point)}"
        ) from None
    except Exception as error:  # noqa: BLE001 - logged with its trace
        raise _defective(point, error) from None
    try:
        engine: Engine = factory()
    except Exception as error:  # noqa: BLE001 - logged with its trace
        raise _defective(point, error) from None
    return engine


def _defective(point: EntryPoint, error: Exception) -> ModelError:
    """For an entry point that leads to no engine. Its author needs the trace, which is logged."""
    log.error("the speech engine %r can't be made", point.name, exc_info=error)
    package = OURS if point.dist is None else point.dist.name
    return ModelError(
        f"the speech engine {point.name!r} ({point.value}) can't be made: "
        f"{type(error).__name__}: {error}; "
        f"report this to the package {package}, or choose another [whisper] engine"
    )


def _entry_point(name: str) -> EntryPoint:
    for point in entry_points(group=GROUP, name=name):
        return point
    raise ConfigError(
        f"there is no speech engine {name!r}; set [whisper] engine to {AUTO} or one of: "
        f"{', '.join(engine_names()) or 'none, since alternator is not installed'}"
    )


def _remedy(point: EntryPoint) -> str:
    ours = point.dist is None or point.dist.name == OURS
    if ours and point.name in EXTRAS:
        extra = EXTRAS[point.name]
        return f"install the extra `{extra}` (in the checkout: pip install '.[{extra}]')"
    if point.dist is None or ours:
        return (
            "install the extra `whisper` (in the checkout: pip install '.[whisper]' "
            "openai-whisper) or use the container image"
        )
    return f"install what the package {point.dist.name} needs"
