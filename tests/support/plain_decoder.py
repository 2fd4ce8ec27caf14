"""A decoder of windows over ``whisper.decode``: one after the other, and nothing else.

What ``alternator.speech.batched.decoder`` does with many windows at once, this does in the plainest
way, so that what is made of the tokens can be compared with ``whisper.transcribe`` by itself.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
import whisper
from whisper.audio import N_FRAMES, pad_or_trim
from whisper.decoding import DecodingOptions, DecodingResult, DecodingTask
from whisper.model import disable_sdpa
from whisper.tokenizer import Tokenizer, get_tokenizer

from alternator.config.models import Task
from alternator.speech.batched.asking import Answer, Listening, Model, Outcome, Step
from alternator.speech.batched.window import Decoded, Window

OnDone = Callable[[Decoded], None]


class PlainDecoder:
    """Has the interface of ``alternator.speech.batched.decoder.Decoder``."""

    def __init__(self, model: whisper.Whisper) -> None:
        self.model = model
        self.decoded = 0
        self._waiting: deque[tuple[Window, OnDone]] = deque()

    def submit(self, window: Window, on_done: OnDone) -> None:
        self._waiting.append((window, on_done))

    def cancel(self, owner: str) -> None:
        self._waiting = deque(each for each in self._waiting if each[0].owner != owner)

    def step(self) -> bool:
        if not self._waiting:
            return False
        window, on_done = self._waiting.popleft()
        on_done(self.decode(window))
        return True

    @torch.no_grad()
    def detect_language(self, mel: torch.Tensor) -> Mapping[str, float]:
        _, probabilities = self.model.detect_language(pad_or_trim(mel, N_FRAMES))
        assert isinstance(probabilities, dict)
        return probabilities

    @torch.no_grad()
    def force(self, mel: torch.Tensor, tokens: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """As ``asking.Force``."""
        with scores_of(self.model) as scores, disable_sdpa():
            logits = self.model(mel[None], torch.tensor([list(tokens)]))[0].float()
        heads = self.model.alignment_heads.indices().T.tolist()
        return torch.stack([scores[layer][0, head] for layer, head in heads]).float(), logits

    def tokenizer(self, language: str, task: Task) -> Tokenizer:
        return get_tokenizer(
            self.model.is_multilingual,
            num_languages=self.model.num_languages,
            language=language,
            task=task,
        )

    @torch.no_grad()
    def decode(self, window: Window) -> Decoded:
        """One window, with openai-whisper's fall-back over temperatures."""
        self.decoded += 1
        mel = pad_or_trim(window.mel, N_FRAMES)
        language, probabilities = window.language, dict[str, float]()
        if language is None:
            probabilities = dict(self.detect_language(mel))
            language = max(probabilities, key=lambda code: probabilities[code])
        search = window.search
        for temperature in search.temperatures:
            options = DecodingOptions(
                task=window.task,
                language=language,
                temperature=temperature,
                sample_len=search.sample_len,
                best_of=search.best_of if temperature > 0 else None,
                beam_size=None if temperature > 0 else search.beam_size,
                patience=None if temperature > 0 else search.patience,
                length_penalty=search.length_penalty,
                prompt=list(window.prompt),
                prefix=list(window.prefix),
                suppress_tokens=list(search.suppress_tokens),
                without_timestamps=search.without_timestamps,
                max_initial_timestamp=search.max_initial_timestamp,
                fp16=False,
            )
            result = whisper.decode(self.model, mel, options)
            if not falls_back(result, window):
                break
        logprobs, attention = self._looks(mel, result, options)
        return Decoded(
            tokens=tuple(result.tokens),
            text=result.text,
            language=language,
            avg_logprob=result.avg_logprob,
            no_speech_prob=result.no_speech_prob,
            temperature=result.temperature,
            compression_ratio=result.compression_ratio,
            token_logprobs=logprobs,
            language_probabilities=probabilities,
            attention=attention if search.wants_attention else None,
        )

    def _looks(
        self, mel: torch.Tensor, result: DecodingResult, options: DecodingOptions
    ) -> tuple[tuple[float, ...], torch.Tensor]:
        """Each token's log probability, and where the alignment heads looked when it was chosen."""
        task = DecodingTask(self.model, replace(options, fp16=False))
        chosen = [*result.tokens, task.tokenizer.eot]
        fed = torch.tensor([[*task.initial_tokens, *result.tokens]])
        if fed.shape[1] > task.n_ctx:  # the window was full: the end was not chosen
            chosen, fed = chosen[:-1], fed[:, : task.n_ctx]
        raw, logits = self.force(mel, fed[0].tolist())
        likely = logits[task.sample_begin - 1 :].log_softmax(dim=-1)
        logprobs = likely[range(len(chosen)), chosen].tolist()
        rows = raw[:, task.sample_begin - 1 :].float()
        if len(chosen) == len(result.tokens):
            logprobs, rows = [*logprobs, logprobs[-1]], torch.cat([rows, rows[:, -1:]], dim=1)
        return tuple(logprobs), rows


@contextmanager
def scores_of(model: whisper.Whisper) -> Iterator[dict[int, torch.Tensor]]:
    """The raw scores of each layer's cross-attention, as they come."""
    scores: dict[int, torch.Tensor] = {}
    hooks = [
        block.cross_attn.register_forward_hook(
            lambda _, __, outputs, layer=layer: scores.__setitem__(layer, outputs[-1])
        )
        for layer, block in enumerate(model.decoder.blocks)
    ]
    try:
        yield scores
    finally:
        for hook in hooks:
            hook.remove()


def falls_back(result: DecodingResult, window: Window) -> bool:
    """Whether the next temperature is to be tried (decode_with_fallback in
    https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py)."""
    search = window.search
    repetitive = (
        search.compression_ratio_threshold is not None
        and result.compression_ratio > search.compression_ratio_threshold
    )
    unlikely = (
        search.logprob_threshold is not None and result.avg_logprob < search.logprob_threshold
    )
    silent = (
        search.no_speech_threshold is not None
        and result.no_speech_prob > search.no_speech_threshold
    )
    return (repetitive or unlikely) and not (silent and unlikely)


def model_of(decoder: PlainDecoder) -> Model:
    """What a listening needs to know of it."""
    dims = decoder.model.dims
    return Model(
        tokenizers=decoder.tokenizer,
        text_context=dims.n_text_ctx,
        audio_context=dims.n_audio_ctx,
        force=decoder.force,
        detect_language=decoder.detect_language if decoder.model.is_multilingual else None,
    )


def play(listening: Listening, decoder: PlainDecoder) -> tuple[Outcome, list[Step]]:
    """Drive a listening to its end."""
    steps: list[Step] = []
    answers: deque[Answer] = deque()
    answer: Answer | None = None
    try:
        while True:
            step = listening.send(answer) if steps else next(listening)
            steps.append(step)
            answers.extend(
                Answer(number=ask.number, decoded=decoder.decode(ask.window)) for ask in step.asks
            )
            answer = answers.popleft() if answers else None
    except StopIteration as end:
        outcome = end.value
        assert isinstance(outcome, Outcome)
        return outcome, steps
