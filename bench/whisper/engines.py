"""The engines that are measured, each behind the same two calls.

Every engine is imported where it is loaded: each runs with the interpreter that has it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

Kind = Literal["alternator", "openai", "faster", "transformers", "cpp"]
Temperatures = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Loading:
    """What is loaded: a model's file or folder, in the form that the engine reads.

    ``precision`` is a torch or CTranslate2 name (float32, float16, int8); ``batch`` windows at
    most are computed together, 0: the engine's own choice.
    """

    model: str
    device: str = "cpu"
    precision: str = "float32"
    threads: int = 2
    batch: int = 0


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """What is transcribed, and how. ``together``: all files at once, where an engine can.

    ``way``: ``sequential`` windows of 30 s, as whisper.transcribe; ``batched`` ones, found by VAD;
    ``vad``: sequential ones of what VAD found. ``temperature``: (0,) tries once.
    """

    files: tuple[str, ...]
    way: Literal["sequential", "batched", "vad"] = "batched"
    language: str | None = "en"
    beam: int = 1
    temperature: Temperatures = (0.0,)
    together: bool = False


class Engine(Protocol):
    """What is measured."""

    def load(self, what: Loading) -> None:
        """Load it; it is ready afterwards."""

    def transcribe(self, what: Hearing) -> list[str]:
        """The text of each file."""


class OpenAI:
    """openai-whisper: ``whisper.transcribe``."""

    def load(self, what: Loading) -> None:
        import torch
        import whisper

        torch.set_num_threads(what.threads)
        torch.manual_seed(0)
        self._half = what.precision == "float16"
        self._model = whisper.load_model(what.model, device=what.device)

    def transcribe(self, what: Hearing) -> list[str]:
        return [self._one(file, what) for file in what.files]

    def _one(self, file: str, what: Hearing) -> str:
        found = self._model.transcribe(
            file,
            language=what.language,
            beam_size=what.beam if what.beam > 1 else None,
            temperature=what.temperature,
            condition_on_previous_text=False,
            fp16=self._half,
        )
        return str(found["text"])


class Faster:
    """faster-whisper, alone or as its batched pipeline."""

    def load(self, what: Loading) -> None:
        import faster_whisper

        self._batch = what.batch or 8
        self._model = faster_whisper.WhisperModel(
            what.model,
            device=what.device,
            compute_type=what.precision,
            cpu_threads=what.threads,
        )
        self._batched = faster_whisper.BatchedInferencePipeline(self._model)

    def transcribe(self, what: Hearing) -> list[str]:
        return [self._one(file, what) for file in what.files]

    def _one(self, file: str, what: Hearing) -> str:
        options: dict[str, Any] = {
            "language": what.language,
            "beam_size": what.beam,
            "temperature": what.temperature,
            "condition_on_previous_text": False,
        }
        if what.way == "batched":
            segments, _ = self._batched.transcribe(file, batch_size=self._batch, **options)
        else:
            options["vad_filter"] = what.way == "vad"
            segments, _ = self._model.transcribe(file, **options)
        return "".join(segment.text for segment in segments)


class Transformers:
    """Hugging Face transformers: windows of 30 s through ``generate``, as many as a batch holds."""

    def load(self, what: Loading) -> None:
        import torch
        from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration

        torch.set_num_threads(what.threads)
        self._torch, self._batch, self._device = torch, what.batch or 8, what.device
        self._dtype = getattr(torch, what.precision)
        self._model = WhisperForConditionalGeneration.from_pretrained(
            what.model, dtype=self._dtype, attn_implementation="sdpa"
        ).to(what.device)
        self._features = WhisperFeatureExtractor(feature_size=self._model.config.num_mel_bins)
        import tokenizers

        self._words = tokenizers.Tokenizer.from_file(str(Path(what.model) / "tokenizer.json"))

    def transcribe(self, what: Hearing) -> list[str]:
        return [self._one(file, what) for file in what.files]

    def _one(self, file: str, what: Hearing) -> str:
        samples = _wav(file)
        windows = [samples[at : at + 480000] for at in range(0, len(samples), 480000)]
        texts = []
        for at in range(0, len(windows), self._batch):
            mel = self._features(
                windows[at : at + self._batch],
                sampling_rate=16000,
                return_tensors="pt",
                device=self._device,
            ).input_features
            with self._torch.inference_mode():
                tokens = self._model.generate(
                    mel.to(self._device, self._dtype),
                    language=what.language,
                    task="transcribe",
                    num_beams=what.beam,
                    return_timestamps=False,
                )
            texts += self._words.decode_batch(tokens.tolist(), skip_special_tokens=True)
        return "".join(text.partition("<|30.00|>")[0].replace("<|0.00|>", "") for text in texts)


class Cpp:
    """whisper.cpp, by its Python binding."""

    def load(self, what: Loading) -> None:
        from pywhispercpp.model import Model

        on_gpu = what.device != "cpu"
        self._model = Model(
            what.model,
            redirect_whispercpp_logs_to=None,
            context_params={"use_gpu": on_gpu},
            n_threads=what.threads,
            print_progress=False,
            no_context=True,
        )

    def transcribe(self, what: Hearing) -> list[str]:
        texts = []
        step = 0.2 if len(what.temperature) > 1 else 0.0
        for file in what.files:
            found = self._model.transcribe(
                _wav(file),
                language=what.language or "auto",
                temperature_inc=step,
                n_max_text_ctx=0,  # no window is prompted by the one before
            )
            texts.append(" ".join(segment.text for segment in found))
        return texts


class Alternator:
    """The project's own engine, by its worker, as the bot and the command have it."""

    def load(self, what: Loading) -> None:
        import dataclasses

        from alternator.config.load import load_whisper
        from alternator.speech.transcriber import Transcriber

        settings = dataclasses.replace(
            load_whisper(),
            engine="alternator",
            model=what.model,
            compute_type=what.precision,  # type: ignore[arg-type]  # one of its names
            batch_size=what.batch,
            workers=1,
            max_duration_minutes=0,
        )
        self._transcriber = Transcriber(settings, device=what.device, threads=what.threads)
        self._transcriber.start()

    @property
    def worker(self) -> int | None:
        """The process that computes."""
        return self._transcriber.worker_pid

    def close(self) -> None:
        """End the worker."""
        self._transcriber.close()

    def transcribe(self, what: Hearing) -> list[str]:
        from alternator.speech.options import DecodingOptions

        options = DecodingOptions(
            language=what.language,
            beam_size=what.beam if what.beam > 1 else None,
            temperature=what.temperature,
            vad=False if what.way == "sequential" else None,
            condition_on_previous_text=False if what.way == "sequential" else None,
        )
        paths = [Path(file) for file in what.files]
        if not what.together:
            return [self._transcriber.transcribe(path, options=options).text for path in paths]
        return _answers([self._transcriber.submit(path, options) for path in paths])


def _answers(under_way: Iterable[Any]) -> list[str]:
    """The texts of requests that were all made before."""
    from alternator.speech.engines.engine import Done, Failed

    texts = []
    for request in under_way:
        for event in request.events():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Done):
                texts.append(event.transcript.text)
    return texts


ENGINES: dict[Kind, Callable[[], Engine]] = {
    "alternator": Alternator,
    "openai": OpenAI,
    "faster": Faster,
    "transformers": Transformers,
    "cpp": Cpp,
}


def _wav(file: str) -> Any:
    """A wav file of 16 kHz, mono, 16 bit, from -1 to 1."""
    import wave

    import numpy as np

    with wave.open(file) as sound:
        data = sound.readframes(sound.getnframes())
    return np.frombuffer(data, np.int16).astype(np.float32) / np.float32(32768)
