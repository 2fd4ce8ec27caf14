"""How a request is decoded: openai-whisper's options, with the defaults of its command.

Names, meanings and defaults are those of ``whisper.transcribe`` and of the command's arguments:
https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py
"""

from dataclasses import dataclass

from alternator.config.models import Task, WhisperSettings


@dataclass(frozen=True, kw_only=True)
class DecodingOptions:
    """What one request asks of an engine. An engine ignores none of them silently.

    What is spoken:
        ``language``: code or English name; None has it detected.
        ``task``: ``transcribe`` in the language spoken, or ``translate`` into English.
        ``initial_prompt``: text that sets the style and the spelling of names; ``carry`` puts it
        before every window of 30 s instead of the first only. ``hotwords``: words that may come up,
        told before every window. ``prefix``: how the text of the first window begins; one after the
        other, of each window, as openai-whisper has it.
        ``vad``: find speech first and hear nothing else, in windows cut at silences; False: windows
        of 30 s, one after the other, as openai-whisper. None: the engine's own way, which is True
        unless windows are to be conditioned on each other.
        ``condition_on_previous_text``: prompt each window with the text before it. None: the
        engine's own way; openai-whisper does, where windows are heard side by side none can.
        ``clip_timestamps``: start, end, start, ... in seconds; the last end may be left out.

    How tokens are chosen:
        ``temperature``: tried one after the other while the result looks wrong; 0 is a beam search
        with ``beam_size`` beams and ``patience``, above it the best of ``best_of`` samples.
        ``length_penalty``: from 0 to 1; None is plain length normalisation.
        ``suppress_tokens``: ids that are never chosen; -1 stands for most special signs.
        ``without_timestamps``: text tokens only.
        ``fp16``: half precision on a GPU; CPUs take full precision. An engine that chooses its
        precision as it loads (LoadOptions.compute_type) has chosen already.

    What looks wrong (None: is not looked at):
        ``compression_ratio_threshold``: text that repeats itself more than this.
        ``logprob_threshold``: a mean log probability of a token below this.
        ``no_speech_threshold``: such text is dropped where the probability of silence is above it.
        ``hallucination_silence_threshold``: with word timestamps, silence longer than this, in
        seconds, is skipped around text that looks invented.

    What is told:
        ``word_timestamps``: the times of words; ``prepend_punctuations`` belong to the next word,
        ``append_punctuations`` to the one before.
        ``verbose``: True tells each segment as a line while the engine works, False shows a bar on
        the terminal, None neither.
    """

    language: str | None = None
    task: Task = "transcribe"
    initial_prompt: str | None = None
    carry_initial_prompt: bool = False
    hotwords: str | None = None
    prefix: str | None = None
    vad: bool | None = None
    condition_on_previous_text: bool | None = None
    clip_timestamps: tuple[float, ...] = (0.0,)

    temperature: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    beam_size: int | None = 5
    best_of: int | None = 5
    patience: float | None = None
    length_penalty: float | None = None
    suppress_tokens: tuple[int, ...] = (-1,)
    without_timestamps: bool = False
    fp16: bool = True

    compression_ratio_threshold: float | None = 2.4
    logprob_threshold: float | None = -1.0
    no_speech_threshold: float | None = 0.6
    hallucination_silence_threshold: float | None = None

    word_timestamps: bool = False
    prepend_punctuations: str = "\"'“¿([{-"
    append_punctuations: str = "\"'.。,，!！?？:：”)]}、"
    verbose: bool | None = None


@dataclass(frozen=True, kw_only=True)
class SpeakerOptions:
    """Who speaks is to be told: ``count`` speakers, None where that is not known."""

    count: int | None = None


def configured(settings: WhisperSettings) -> DecodingOptions:
    """The defaults, with the language, the task and the way that the operator configured."""
    return DecodingOptions(language=settings.language, task=settings.task, vad=settings.vad)
