"""The engine ``alternator``: openai-whisper's models, many windows of many files at once.

What it is made of stands in ``alternator/speech/batched``; here it is loaded, and put behind the
Engine protocol. Runs in the worker: it imports torch.
"""

import functools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from alternator.config.models import Task
from alternator.errors import ConfigError, OutOfMemoryError
from alternator.media.ffmpeg import find_ffmpeg
from alternator.models.checkpoint import Checkpoint
from alternator.models.dimensions import Dimensions
from alternator.models.loading import load_checkpoint
from alternator.models.store import locate
from alternator.progress import Progress
from alternator.speech.batched.asking import Model
from alternator.speech.batched.decoder import Decoder
from alternator.speech.batched.forced import Forced
from alternator.speech.batched.kernel_library import in_words
from alternator.speech.batched.listening import Listeners
from alternator.speech.batched.memory import Batch as Together
from alternator.speech.batched.memory import Plan, check_fits
from alternator.speech.batched.network import Network
from alternator.speech.batched.precision import choose_precision
from alternator.speech.batched.preparations import Helpers
from alternator.speech.batched.preparing import Preparer
from alternator.speech.device import choose_device, cpu_quota, threads_for
from alternator.speech.engines.engine import Batch, Event, LoadOptions
from alternator.speech.engines.language_code import language_code
from alternator.speech.engines.openai_whisper import torch_build
from alternator.speech.engines.openai_whisper_models import out_of_memory
from alternator.speech.engines.whisper_package import Tokenizer, get_tokenizer
from probe.prove.operations import without_cudnn

CPU_WINDOWS, GPU_WINDOWS = 8, 64  # computed together, where nobody says how many
HYPOTHESES = 5  # of a window, by default: beam_size and best_of


@dataclass(frozen=True, kw_only=True, eq=False)
class _Loaded:
    """What there is while a model is loaded."""

    decoder: Decoder
    model: Model
    preparer: Preparer
    helpers: Helpers
    said: deque[str]
    compute_type: str


class BatchedEngine:
    """Whisper for many windows side by side, behind the Engine protocol."""

    continues = True

    def __init__(self) -> None:
        self.device = ""
        self._loaded: _Loaded | None = None

    @property
    def batch_size(self) -> int:
        """How many windows are computed together, 0 before it is loaded."""
        return 0 if self._loaded is None else self._loaded.decoder.batch_size

    @property
    def compute_type(self) -> str:
        """The precision that was chosen, as config.models.ComputeType; '' before it is loaded."""
        return "" if self._loaded is None else self._loaded.compute_type

    def load(self, model: str, device: str, options: LoadOptions, progress: Progress) -> None:
        """As Engine.load; ``model`` is a name or a path, as store.locate takes them."""
        find_ffmpeg()
        language_code(options.language)
        locate(model, options.model_dir)
        self.device = choose_device(device, options.proven_device, torch_build())
        without_cudnn(torch)
        torch.set_num_threads(options.threads or threads_for(cpu_quota(), torch.get_num_threads()))
        checkpoint = load_checkpoint(
            model, options.model_dir, mirror=options.model_mirror, progress=progress
        )
        windows = self._windows(model, checkpoint, options)
        try:
            network = Network.load(
                checkpoint, device=self.device, compute_type=options.compute_type
            )
            progress.beat()
            if network.device.type == "cpu":
                progress.line(in_words(torch.get_num_threads()))
            self._loaded = self._around(network, windows)
        except (torch.OutOfMemoryError, MemoryError):
            what = f"the Whisper model {model!r}"
            raise OutOfMemoryError(out_of_memory(what, self.device)) from None

    def transcribe(self, batch: Batch) -> Iterator[Event]:
        """As Engine.transcribe."""
        loaded = self._loaded
        assert loaded is not None, "load() comes first"
        return Listeners(
            batch,
            helpers=loaded.helpers,
            prepare=loaded.preparer.prepare,
            decoder=loaded.decoder,
            model=loaded.model,
            windows=loaded.decoder.batch_size,
            said=loaded.said,
        ).events()

    def unload(self) -> None:
        """As Engine.unload."""
        if self._loaded is not None:
            self._loaded.helpers.stop()
        self._loaded = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _windows(self, model: str, checkpoint: Checkpoint, options: LoadOptions) -> int:
        """How many are computed together: what was asked for, as far as the free memory bears it.

        OutOfMemoryError where not even one fits, before anything is put there.
        """
        device = torch.device(self.device)
        plan = Plan(
            dimensions=checkpoint.dimensions,
            precision=choose_precision(options.compute_type, device),
            device=device,
            half=checkpoint.weights["decoder.token_embedding.weight"].dtype == torch.float16,
        )
        wanted = options.batch_size or (CPU_WINDOWS if device.type == "cpu" else GPU_WINDOWS)
        together = Together(windows=wanted, rows=HYPOTHESES, attention=True)
        return check_fits(f"the Whisper model {model!r}", plan, together)

    def _around(self, network: Network, windows: int) -> _Loaded:
        dimensions = network.dimensions
        tokenizers = Tokenizers(dimensions)
        said: deque[str] = deque()
        decoder = Decoder(network, tokenizers, batch_size=windows, say=said.append)
        multilingual = tokenizers.multilingual
        return _Loaded(
            decoder=decoder,
            model=Model(
                tokenizers=tokenizers,
                text_context=dimensions.n_text_ctx,
                audio_context=dimensions.n_audio_ctx,
                force=Forced(network),
                detect_language=decoder.detect_language if multilingual else None,
            ),
            preparer=Preparer(
                n_mels=dimensions.n_mels, multilingual=multilingual, device=self.device
            ),
            helpers=Helpers.start(_compute_alone),
            said=said,
            compute_type="int8" if network.int8 else str(network.dtype).removeprefix("torch."),
        )


def _compute_alone() -> None:
    """A thread that prepares files does so without OpenMP threads of its own.

    Where there are more of them than cores, libgomp has all of them sleep between two operations
    rather than wait a moment: a step of tiny's decoder took 13.5 ms in place of 9.7.
    https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html
    """
    torch.set_num_threads(1)


class Tokenizers:
    """openai-whisper's tokenizers for a model.

    How many languages it knows follows from the size of its vocabulary:
    https://github.com/openai/whisper/blob/v20250625/whisper/model.py (Whisper.num_languages)
    """

    def __init__(self, dimensions: Dimensions) -> None:
        self.multilingual = dimensions.n_vocab >= 51_865
        self._languages = dimensions.n_vocab - 51_765 - int(self.multilingual)

    def __call__(self, language: str, task: Task) -> Tokenizer:
        """ConfigError if the model knows no such language."""
        try:
            return _tokenizer(self.multilingual, self._languages, language, task)
        except ValueError:
            raise ConfigError(
                f"this Whisper model knows no language {language!r}; choose another [whisper] "
                f"model, or have the language detected"
            ) from None


@functools.cache
def _tokenizer(multilingual: bool, languages: int, language: str, task: Task) -> Tokenizer:
    return get_tokenizer(multilingual, num_languages=languages, language=language, task=task)
