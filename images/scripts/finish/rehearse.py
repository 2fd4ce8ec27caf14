"""Inside a build: leaves byte-code for the modules that start-up and a first transcription import.

The final root is read-only, so a module without byte-code is compiled at every start; byte-code for
all modules would be several times as large. Which ones it takes is found by doing the work once,
with a checkpoint of random weights.
"""

import importlib
import py_compile
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from probe.prove.whisper_import import numba_stood_in

STARTUP_IMPORTS = (
    *("mastodon", "numpy.typing", "requests", "safetensors"),
    # What the process that decodes a picture imports: alternator/media/decoder/.
    *("PIL.Image", "PIL.ImageChops", "PIL.ImageCms", "PIL.ImageOps", "PIL.ImageStat"),
)
IMAGE_FORMATS = ("Avif", "Bmp", "Gif", "Jpeg", "Png", "Tiff", "WebP")
# Readers of further formats, where the image has them.
OTHER_READERS = ("pi_heif.as_plugin",)
SECONDS = 2


def main() -> None:
    """Import, transcribe, compile; prints how much byte-code there is then."""
    for name in (*STARTUP_IMPORTS, *(f"PIL.{name}ImagePlugin" for name in IMAGE_FORMATS)):
        importlib.import_module(name)
    for name in OTHER_READERS:
        with suppress(ModuleNotFoundError):
            importlib.import_module(name)
    transcribe_noise()
    size = sum(compile_module(path) for path in imported_below(Path(sys.prefix)))
    print(f"rehearse: {size / 1e6:.0f} MB of byte-code for what a first transcription imports")


def transcribe_noise() -> None:
    """Transcribe noise with word timestamps, detecting the language, sampled and by beam search."""
    import numpy as np
    import torch

    # Outside the image's own code, which is a later layer: numba would be missed.
    with numba_stood_in():
        import whisper
        from whisper.model import ModelDimensions, Whisper

    # Threads would spend most of a busy machine waiting for each other: the model is tiny.
    torch.set_num_threads(1)
    torch.manual_seed(0)
    dimensions = ModelDimensions(
        n_mels=80,
        n_audio_ctx=1500,
        n_audio_state=64,
        n_audio_head=1,
        n_audio_layer=1,
        n_vocab=51865,
        n_text_ctx=448,
        n_text_state=64,
        n_text_head=1,
        n_text_layer=2,
    )
    model = Whisper(dimensions)
    for parameter in model.parameters():  # some are left as the memory was
        torch.nn.init.normal_(parameter, std=0.02)
    with tempfile.NamedTemporaryFile(suffix=".pt") as file:
        torch.save({"dims": vars(dimensions), "model_state_dict": model.state_dict()}, file.name)
        model = whisper.load_model(file.name, device="cpu")
    samples = np.random.default_rng(0).normal(0, 0.1, SECONDS * 16_000).astype(np.float32)
    for options in ({"temperature": 0.5}, {"temperature": 0.0, "beam_size": 2}):
        whisper.transcribe(
            model, samples, word_timestamps=True, no_speech_threshold=None, fp16=False, **options
        )


def imported_below(prefix: Path) -> list[Path]:
    """The source files below ``prefix`` of the modules that were imported by now."""
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    sources = {Path(file) for file in files if file and file.endswith(".py")}
    return sorted(path for path in sources if path.is_relative_to(prefix) and path.exists())


def compile_module(path: Path) -> int:
    """Compile one module; byte-code that does not depend on the source's time. Returns its size."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compiled = py_compile.compile(str(path), doraise=True, invalidation_mode=mode)
    return Path(str(compiled)).stat().st_size


if __name__ == "__main__":
    main()
