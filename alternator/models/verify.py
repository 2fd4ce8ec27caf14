"""Whether a model is what it should be, in words."""

from alternator.errors import ModelError
from alternator.models.store import Place
from alternator.models.verified import forget, is_whole
from alternator.progress import Progress
from probe.errors import reason_of


def verified(place: Place, progress: Progress) -> str:
    """What was found good; ModelError if something was not.

    One of OpenAI's is read anew and must have its hash. One of one's own must be whole and of
    Whisper's shapes.
    """
    if place.model is None:
        return own(place)
    if not place.path.is_file():
        raise ModelError(f"it is not here; get it with: alternator models pull {place.model.name}")
    try:
        forget(place.path)
        whole = is_whole(place.path, place.model.sha256, progress)
    except OSError as error:
        raise ModelError(f"{place.path} can't be read: {reason_of(error)}") from None
    if not whole:
        raise ModelError(
            f"{place.path} is damaged or incomplete: its SHA-256 is not {place.model.sha256}; get "
            f"it again with: alternator models pull {place.model.name}"
        )
    return f"whole ({place.path})"


def own(place: Place) -> str:
    """Of a model of one's own."""
    from alternator.models.checkpoint import read_checkpoint  # imports torch

    found = read_checkpoint(place.path)
    d = found.dimensions
    kind = str(next(iter(found.weights.values())).dtype).removeprefix("torch.")
    languages = f"{d.num_languages} languages" if d.is_multilingual else "English"
    notes = "".join(f"; {note}" for note in found.notes)
    return (
        f"readable ({place.path}): {found.form}, {d.n_audio_layer} + {d.n_text_layer} layers of "
        f"{d.n_text_state}, {languages}, {kind}{notes}"
    )
