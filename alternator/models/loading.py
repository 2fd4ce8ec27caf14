"""From a name to a checkpoint in memory: what both engines load a model with."""

from dataclasses import replace
from pathlib import Path

from alternator.models.checkpoint import Checkpoint, read_checkpoint
from alternator.models.store import Place, obtain
from alternator.progress import Progress


# size: what is wanted, from where, and who waits
def load_checkpoint(
    name: str, directory: Path, *, mirror: str | None, progress: Progress
) -> Checkpoint:
    """The checkpoint that a name or a path means (see store.locate), fetched unless it is here.

    What was passed over in it is told to ``progress``. ModelError says what is wrong.
    """
    return checkpoint_at(obtain(name, directory, mirror=mirror, progress=progress), progress)


def checkpoint_at(place: Place, progress: Progress) -> Checkpoint:
    """The checkpoint in a place; of one of openai-whisper's with the alignment heads of its name,
    which its file has not."""
    found = read_checkpoint(place.path)
    for note in found.notes:
        progress.line(f"{place.path}: {note}")
    if place.model is not None and found.alignment_heads is None:
        return replace(found, alignment_heads=place.model.alignment_heads)
    return found
