"""Resemblyzer's wheel and the weights in it, fetched by pip when they are first asked for.

    from tests.real import voices
    voices.weights()      # the checkpoint that tells voices apart

Kept in ``speech.folder()``. Who can't fetch gets NotHereError with the reason: a test skips then.
"""

import tempfile
import zipfile
from pathlib import Path

from alternator.errors import ModelError
from alternator.models.speaker_weights import fetched, obtain_speaker_weights
from tests.real.speech import NotHereError, folder


def wheel() -> Path:
    """The package as it was published."""
    target = folder() / "resemblyzer"
    found = list(target.glob("*.whl"))
    if not found:
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder()) as work:
            try:
                made = fetched(Path(work))
            except ModelError as error:
                raise NotHereError(str(error)) from None
            target.mkdir(exist_ok=True)
            found = [made.rename(target / made.name)]
    return found[0]


def weights() -> Path:
    """The checkpoint, where ``find_speaker_weights(folder())`` finds it too."""
    try:
        return obtain_speaker_weights(folder(), wheel())
    except ModelError as error:
        raise NotHereError(str(error)) from None


def source(name: str) -> str:
    """The text of one of the package's modules."""
    with zipfile.ZipFile(wheel()) as package:
        return package.read(f"resemblyzer/{name}.py").decode()
