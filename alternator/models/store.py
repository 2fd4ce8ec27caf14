"""Which models are here: in the directory of models, and in openai-whisper's own cache."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alternator.errors import ModelError
from alternator.models import catalog
from alternator.models.catalog import NamedModel
from alternator.models.download import Order, fetch
from alternator.models.lock import is_held
from alternator.models.rate import Told
from alternator.models.verified import forget, is_noted, is_whole
from alternator.progress import Progress
from probe.errors import reason_of

# What a model of one's own may be called: a file's name, and nothing that leads elsewhere.
OWN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SUFFIX = ".pt"

# whole: its hash is right. unverified: it is there, and its hash was not looked at yet. own: one of
# one's own, which has no hash. partial: the beginning of a download. absent: nothing of it is here.
State = Literal["whole", "unverified", "own", "partial", "absent"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a model is, or will be: a file, or a directory of another form.

    ``model`` is openai-whisper's, None for one of one's own.
    """

    path: Path
    model: NamedModel | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A model as ``list`` shows it; ``size`` in bytes of what is here of it."""

    name: str
    path: Path
    size: int
    state: State
    model: NamedModel | None = None


def locate(name: str, directory: Path) -> Place:
    """What a name or a path in ``[whisper] model`` means. ModelError if there is no such model.

    One of openai-whisper's names; else a path, from here or from the directory of models; else the
    name of a model of one's own there.
    """
    model = catalog.find(name)
    if model is not None:
        return Place(path=cached(model, directory) or directory / model.file, model=model)
    path = Path(name).expanduser() if name.startswith("~") else Path(name)
    for candidate in (path, directory / path, directory / f"{name}{SUFFIX}"):
        if candidate.exists():
            return Place(path=candidate)
    if path.suffix == SUFFIX or len(path.parts) > 1:
        raise ModelError(
            f"there is no Whisper checkpoint {name!r}, here or in {directory}; correct the path in "
            f"[whisper] model"
        )
    own = [kept.name for kept in own_models(directory)]
    raise ModelError(
        f"openai-whisper has no model {name!r}; choose one of "
        f"{', '.join((*catalog.names(), *own))}, or the path of a checkpoint"
    )


# size: what is wanted, from where, and who waits
def obtain(name: str, directory: Path, *, mirror: str | None, progress: Progress) -> Place:
    """The model, fetched unless it is here; a file of openai-whisper's is whole then.

    ModelError says why it can't be had, and what to do.
    """
    place = locate(name, directory)
    if place.model is None:
        return place
    try:
        if is_whole(place.path, place.model.sha256, progress):
            return place
    except OSError as error:
        raise ModelError(
            f"the Whisper model {name!r} can't be kept in {directory}: {reason_of(error)}; make "
            f"{place.path} readable for this user, or set [whisper] model_dir"
        ) from None
    progress.line(f"downloading the Whisper model {name!r}")
    order = Order(model=place.model, directory=directory, mirror=mirror)
    path = fetch(order, Told(f"downloading the Whisper model {name!r}", progress))
    return Place(path=path, model=place.model)


def first_here(names: Sequence[str], directory: Path) -> str | None:
    """The first of these models that is here, by its size; None if none is."""
    places = ((name, locate(name, directory)) for name in names)
    return next((name for name, place in places if looks_whole(place)), None)


def looks_whole(place: Place) -> bool:
    """Whether there is something, of the right size where one is known."""
    if place.model is None:
        return place.path.exists()
    return place.path.is_file() and place.path.stat().st_size == place.model.size


def cached(model: NamedModel, directory: Path) -> Path | None:
    """The model's file, in the directory of models or else in openai-whisper's cache."""
    places = (directory / model.file, openai_cache() / model.file)
    return next((path for path in places if path.is_file()), None)


def openai_cache() -> Path:
    """Where openai-whisper itself keeps what it downloads.

    https://github.com/openai/whisper/blob/v20250625/whisper/__init__.py (load_model)
    """
    default = Path(os.path.expanduser("~")) / ".cache"  # noqa: PTH111  # without HOME: "~"
    return Path(os.environ.get("XDG_CACHE_HOME") or default) / "whisper"


def kept_models(directory: Path) -> Iterator[Kept]:
    """Every model of openai-whisper's, be it here or not, and then one's own."""
    for model in catalog.models():
        yield kept(model, directory)
    yield from own_models(directory)


def kept(model: NamedModel, directory: Path) -> Kept:
    """How much of one of openai-whisper's models is here."""
    path = cached(model, directory)
    part = Order(model=model, directory=directory).part
    state: State
    if path is not None:
        state = "whole" if is_noted(path, model.sha256) else "unverified"
    else:
        state = "partial" if part.is_file() else "absent"
        path = part if part.is_file() else directory / model.file
    size = path.stat().st_size if path.is_file() else 0
    return Kept(name=model.name, path=path, size=size, state=state, model=model)


def own_models(directory: Path) -> list[Kept]:
    """Models of one's own in the directory of models, by name."""
    known = {model.file for model in catalog.models()}
    try:
        files = sorted(directory.glob(f"*{SUFFIX}"))
    except OSError:
        return []
    return [
        Kept(name=file.stem, path=file, size=file.stat().st_size, state="own")
        for file in files
        if file.is_file() and file.name not in known and not file.name.startswith(".")
    ]


def own_path(name: str, directory: Path) -> Path:
    """Where a model of one's own of that name is kept. ModelError for a name that can't be."""
    if catalog.find(name) is not None:
        raise ModelError(f"{name!r} is the name of one of OpenAI's models; choose another one")
    if not OWN_NAME.fullmatch(name) or name.endswith(SUFFIX):
        raise ModelError(
            f"a model can't be called {name!r}: take letters, digits, dots, hyphens and "
            f"underscores, and leave {SUFFIX} away"
        )
    return directory / f"{name}{SUFFIX}"


def remove(name: str, directory: Path) -> int:
    """Remove a model from the directory of models, and what has arrived of it; the bytes freed.

    ModelError if it is not there, or is being fetched.
    """
    model = catalog.find(name)
    target = directory / model.file if model else own_path(name.removesuffix(SUFFIX), directory)
    if is_held(target):
        raise ModelError(f"{target} is being downloaded at this moment; end that first")
    part = target.with_name(f"{target.name}.part")
    found = [path for path in (target, part) if path.is_file()]
    if not found:
        also = openai_cache() / target.name
        hint = f"; {also} is openai-whisper's own, and left alone" if also.is_file() else ""
        raise ModelError(f"there is no model {name!r} in {directory}{hint}")
    freed = 0
    try:
        for path in found:
            size = path.stat().st_size
            path.unlink()
            freed += size
        forget(target)
    except OSError as error:
        raise ModelError(f"{target} can't be removed: {reason_of(error)}") from None
    return freed
