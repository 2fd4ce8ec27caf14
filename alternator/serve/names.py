"""Which models clients may name, and what they are.

A client names a model, never a path: of the paths that the operator serves, the name is the file's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alternator.errors import ConfigError
from alternator.models import catalog
from alternator.models.store import SUFFIX, locate, looks_whole, own_models
from alternator.serve.errors import ApiError
from alternator.serve.fields import shown

# What OpenAI calls its Whisper; here it is the default, so that clients need no other setting.
# https://platform.openai.com/docs/models/whisper-1
OPENAI_NAME = "whisper-1"


@dataclass(frozen=True, kw_only=True)
class Model:
    """One that a client may name. ``wanted`` is what the engine is told: a name or a path.

    ``created`` is the time of its file, in seconds since 1970, 0 while there is none; ``owner``
    who made it, as far as is known.
    """

    id: str
    wanted: str
    created: int
    owner: Literal["openai", "operator"]


class Names:
    """The models that are served: those the operator named, and those that lie in the directory of
    models; with ``fetch`` every one of openai-whisper's. The first of ``served`` is the default."""

    def __init__(self, served: Sequence[str], directory: Path, *, fetch: bool) -> None:
        self._directory = directory
        self._fetch = fetch
        self._served: dict[str, Model] = {}
        for wanted in served:
            model = model_of(wanted, directory)
            if model.id in self._served:
                raise ConfigError(
                    f"two models are called {model.id!r}; name each once with --model, or rename "
                    f"one's file"
                )
            self._served[model.id] = model
        self.default = next(iter(self._served.values()))

    def find(self, name: str) -> Model:
        """The model that a client means; '' and whisper-1 are the default. ApiError 404."""
        if name in ("", OPENAI_NAME):
            return self.default
        named = catalog.find(name)
        known = named.name if named else name
        for model in self.listed():
            if model.id in (name, known):
                return model
        if named is not None and self._fetch:
            return model_of(named.name, self._directory)
        there = ", ".join(model.id for model in self.listed())
        raise ApiError(
            404,
            f"there is no model {shown(name)} here; there are: {there}",
            param="model",
            code="model_not_found",
        )

    def listed(self) -> Iterator[Model]:
        """All that are here now, the default first."""
        yield from self._served.values()
        names = [model.name for model in catalog.models()]
        here = [name for name in names if looks_whole(locate(name, self._directory))]
        for name in here:
            if name not in self._served:
                yield model_of(name, self._directory)
        for kept in own_models(self._directory):
            if kept.name not in self._served:
                # By its path: of the same name there may be something in the working directory.
                yield model_of(str(kept.path.absolute()), self._directory)


def model_of(wanted: str, directory: Path) -> Model:
    """The model of a name or a path. ModelError if there is none."""
    place = locate(wanted, directory)
    name = place.model.name if place.model else place.path.name.removesuffix(SUFFIX)
    try:
        created = int(place.path.stat().st_mtime)
    except OSError:
        created = 0
    owner: Literal["openai", "operator"] = "openai" if place.model else "operator"
    return Model(id=name, wanted=wanted, created=created, owner=owner)
