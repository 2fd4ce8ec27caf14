"""How much memory the bot takes on a CPU with each of openai-whisper's models.

    .venv/bin/python -m bench.memory [--models tiny,base] [--minutes 10] [--folder FOLDER]

For each model a checkpoint of its real dimensions is made, in half precision as they are published
but with random weights: memory does not depend on their values. The bot's own worker loads it and
transcribes the most that one window holds: a full prompt and 224 more tokens, with five beams, from
a clip as long as ``max_duration_minutes`` allows by default. Printed is the peak of the
resident memory (VmHWM) in MB (10^6 bytes): after loading, at the end, and with the bot's own
process. Needs room for one checkpoint in FOLDER (large-v3: 3.1 GB) and removes it again.
"""

import argparse
import dataclasses
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import alternator.bot.run  # noqa: F401  # this process then weighs what the bot's does
from alternator.config.load import load_whisper
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber

# ModelDimensions after the ten that all share: mels, vocabulary, encoder's state, heads and layers,
# decoder's layers.
MODELS = {
    "tiny": (80, 51865, 384, 6, 4, 4),
    "base": (80, 51865, 512, 8, 6, 6),
    "small": (80, 51865, 768, 12, 12, 12),
    "medium": (80, 51865, 1024, 16, 24, 24),
    "turbo": (128, 51866, 1280, 20, 32, 4),
    "large-v3": (128, 51866, 1280, 20, 32, 32),
}
END_OF_TEXT = 50257  # kept from coming, so that the window takes all of its 224 tokens
OPTIONS = DecodingOptions(
    language="en",
    temperature=(0.0,),  # no second try, by sampling: it takes what the five beams take
    initial_prompt="word " * 300,
    without_timestamps=True,
    suppress_tokens=(-1, END_OF_TEXT),
    clip_timestamps=(0.0, 30.0),
)
# In a process of its own, whose memory is given back before the worker starts.
MAKE = """
import sys
import torch
from whisper.model import ModelDimensions, Whisper
mels, vocabulary, state, heads, encoder, decoder = map(int, sys.argv[2:])
torch.set_default_dtype(torch.half)
dims = dict(n_mels=mels, n_audio_ctx=1500, n_audio_state=state, n_audio_head=heads,
            n_audio_layer=encoder, n_vocab=vocabulary, n_text_ctx=448, n_text_state=state,
            n_text_head=heads, n_text_layer=decoder)
model = Whisper(ModelDimensions(**dims))
torch.nn.init.normal_(model.decoder.positional_embedding, std=0.02)
torch.save({"dims": dims, "model_state_dict": model.state_dict()}, sys.argv[1])
"""


def main() -> None:
    """Measure one model after the other and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    print(f"{'MB':<10}{'file':>8}{'loaded':>8}{'worker':>8}{'+ bot':>8}{'x file':>8}{'s':>6}")
    for name in arguments.models.split(","):
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            clip, checkpoint = Path(folder) / "clip.wav", Path(folder) / "model.pt"
            make_clip(clip, arguments.minutes)
            make_checkpoint(checkpoint, MODELS[name])
            size = checkpoint.stat().st_size
            started = time.monotonic()
            loaded, peak = measure(checkpoint, clip)
            seconds = time.monotonic() - started
        together = peak + peak_of("self")
        cells = [f"{part / 10**6:>8.0f}" for part in (size, loaded, peak, together)]
        print(f"{name:<10}{''.join(cells)}{together / size:>8.1f}{seconds:>6.0f}", flush=True)


def make_clip(file: Path, minutes: int) -> None:
    """Noise: a silent clip is not transcribed."""
    noise = f"anoisesrc=duration={minutes * 60}:sample_rate=16000:amplitude=0.2"
    command = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", noise, file]
    subprocess.run(command, check=True)


def make_checkpoint(file: Path, numbers: tuple[int, ...]) -> None:
    """A checkpoint of the given dimensions, as openai-whisper reads it."""
    command = [sys.executable, "-c", MAKE, str(file), *map(str, numbers)]
    subprocess.run(command, check=True)


def measure(checkpoint: Path, clip: Path) -> tuple[int, int]:
    """Bytes of the worker's peak when the model is loaded, and after the clip."""
    settings = dataclasses.replace(load_whisper(), model=str(checkpoint), max_duration_minutes=0)
    with Transcriber(settings, device="cpu") as transcriber:
        transcriber.start()
        loaded = peak_of(transcriber.worker_pid)
        transcriber.transcribe(clip, options=OPTIONS)
        return loaded, peak_of(transcriber.worker_pid)


def peak_of(process: int | str | None) -> int:
    """The most bytes that a process had in memory so far."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/{process}/status has no VmHWM")


if __name__ == "__main__":
    main()
