"""Which tokens may come next, as openai-whisper's logit filters have it, for many windows at once.

SuppressBlank, SuppressTokens and ApplyTimestampRules of
https://github.com/openai/whisper/blob/v20250625/whisper/decoding.py look at lists of tokens, one
window after the other. Here the same rules are arithmetic on tensors of (windows, rows): what they
need of the past is kept beside each hypothesis, so a step asks the device nothing.

What they come to, with ``t`` for a timestamp and ``w`` for text, after the tokens on the left:

    (nothing)   t, at most max_initial_timestamp, behind where the window's text begins
    t           w, the end; no t
    t w, w w    w, the end, a later t
    w t         the end, or a t no earlier than this one; no w
    t t         w, the end; no t

and wherever all timestamps together are likelier than any single other token, one of them comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from alternator.speech.batched.window import Window
from alternator.speech.engines.whisper_package import CHUNK_LENGTH, Tokenizer

NEVER = -torch.inf


@dataclass(frozen=True, kw_only=True)
class RuleTokens:
    """The tokens that the rules speak of.

    Text is below ``end`` (of the text); other special tokens follow; from ``first_timestamp`` on
    are the timestamps. ``blank``: what no text begins with.
    """

    end: int
    first_timestamp: int
    blank: tuple[int, ...]
    vocabulary: int

    @classmethod
    def of(cls, tokenizer: Tokenizer, vocabulary: int) -> Self:
        """Those of a tokenizer, for a network of so many tokens."""
        return cls(
            end=tokenizer.eot,
            first_timestamp=tokenizer.timestamp_begin,
            blank=(*tokenizer.encode(" "), tokenizer.eot),
            vocabulary=vocabulary,
        )


@dataclass(frozen=True, kw_only=True)
class WindowRules:
    """The rules of one window.

    ``suppressed``: ids that are never chosen. ``timed``: the rules of timestamps hold.
    ``earliest`` and ``last_first``: the least timestamp and the largest token that may come first,
    None: any.
    """

    suppressed: tuple[int, ...]
    timed: bool
    last_first: int | None = None
    earliest: int | None = None

    @classmethod
    def of(cls, window: Window, tokenizer: Tokenizer, audio_context: int) -> Self:
        """Those that a window asks for; ``audio_context``: positions of 20 ms, as a rule 1500."""
        search = window.search
        timed = not search.without_timestamps
        second = audio_context / CHUNK_LENGTH
        suppressed = suppressed_tokens(search.suppress_tokens, tokenizer)
        if not timed:
            return cls(suppressed=suppressed, timed=False)
        last = None
        if search.max_initial_timestamp:
            latest = search.max_initial_timestamp + (window.begins or 0.0)
            last = tokenizer.timestamp_begin + round(latest * second)
        earliest = None
        if window.begins is not None:
            begin = tokenizer.timestamp_begin + round(window.begins * second)
            earliest = max(begin, window.prefix[-1])
            last = None if last is None else max(last, earliest)
        return cls(
            suppressed=tuple(sorted({*suppressed, tokenizer.no_timestamps})),
            timed=True,
            last_first=last,
            earliest=earliest,
        )


def suppressed_tokens(asked: Sequence[int], tokenizer: Tokenizer) -> tuple[int, ...]:
    """What openai-whisper makes of ``suppress_tokens`` (_get_suppress_tokens): -1 stands for most
    special signs, none at all leaves even the special tokens free."""
    if not asked:
        return ()
    ids = set(asked)
    if -1 in ids:
        ids = {token for token in ids if token >= 0} | set(tokenizer.non_speech_tokens)
    ids |= {tokenizer.transcribe, tokenizer.translate, tokenizer.sot}
    ids |= {tokenizer.sot_prev, tokenizer.sot_lm}
    if tokenizer.no_speech is not None:
        ids.add(tokenizer.no_speech)
    return tuple(sorted(ids))


class TokenRules:
    """The rules of a lane's places, and what they need of each hypothesis's past.

    All state is tensors of (windows, …), written in place, so that a recorded step finds it where
    it was. Methods take the first ``n`` places, as many as their arguments have.
    """

    def __init__(self, tokens: RuleTokens, windows: int, rows: int, device: torch.device) -> None:
        self._tokens = tokens
        self._device = device
        self._masks: dict[tuple[int, ...], Tensor] = {}
        stamps = torch.arange(tokens.first_timestamp, tokens.vocabulary, device=device)
        self._stamps = stamps
        shape = (windows, rows)
        self._mask = torch.zeros(windows, 1, tokens.vocabulary, device=device)
        self._timed = torch.zeros(windows, 1, dtype=torch.bool, device=device)
        # Was the last token a timestamp? Before the first: yes, as openai-whisper counts.
        self._stamped = torch.ones(shape, dtype=torch.bool, device=device)
        self._latest = torch.zeros(shape, dtype=torch.int64, device=device)
        # What follows from them for the next token: added to text, the earliest timestamp.
        self._text_bias = torch.zeros(shape, device=device)
        self._floor = torch.zeros(shape, dtype=torch.int64, device=device)

    @property
    def state(self) -> list[Tensor]:
        """What moves with a window to another place."""
        return [
            *(self._mask, self._timed, self._stamped),
            *(self._latest, self._text_bias, self._floor),
        ]

    def begin(self, place: int, rules: WindowRules, logits: Tensor) -> Tensor:
        """A window begins; gives its first ``logits`` (vocabulary) with the rules of a beginning.

        ``log_probabilities`` of them comes next, as of any other logits.
        """
        self._mask[place, 0] = self._mask_of(rules.suppressed)
        self._timed[place] = rules.timed
        self._stamped[place] = True
        self._latest[place] = self._tokens.first_timestamp - 1
        self._text_bias[place] = 0
        self._floor[place] = self._tokens.first_timestamp
        first = logits + self._mask[place, 0]
        first[list(self._tokens.blank)] = NEVER
        if rules.timed:
            first[: rules.earliest or self._tokens.first_timestamp] = NEVER
        if rules.last_first is not None:
            first[rules.last_first + 1 :] = NEVER
        return first

    def _mask_of(self, suppressed: tuple[int, ...]) -> Tensor:
        if suppressed not in self._masks:
            mask = torch.zeros(self._tokens.vocabulary, device=self._device)
            mask[list(suppressed)] = NEVER
            self._masks[suppressed] = mask
        return self._masks[suppressed]

    def suppress(self, logits: Tensor, out: Tensor) -> Tensor:
        """Write ``logits`` (n, rows, vocabulary), less what is never chosen, to ``out``."""
        return torch.add(logits, self._mask[: len(logits)], out=out)

    def log_probabilities(self, logits: Tensor) -> Tensor:
        """Log-probabilities of the next token by all rules, float32, (n, rows, vocabulary).

        ``logits`` come from ``suppress`` or ``begin``, and are written to.
        """
        n, tokens = len(logits), self._tokens
        if self._applies(self._text_bias[:n]):
            logits[..., : tokens.end].add_(self._text_bias[:n, :, None])
        early = self._stamps < self._floor[:n, :, None]
        logits[..., tokens.first_timestamp :].masked_fill_(early, NEVER)
        found = torch.log_softmax(logits, dim=-1)
        others, stamps = (
            found[..., : tokens.first_timestamp],
            found[..., tokens.first_timestamp :],
        )
        mass = stamps.logsumexp(dim=-1)
        timestamp = (mass > others.amax(dim=-1)) & self._timed[:n]
        if self._applies(timestamp):
            others.add_(torch.where(timestamp, NEVER, 0.0)[..., None])
            stamps.sub_(torch.where(timestamp, mass, 0.0)[..., None])
        return found

    def _applies(self, what: Tensor) -> bool:
        """Whether any of it does. On a CPU that is cheaper to ask than a walk over the vocabulary;
        another device is never asked, and a recorded step does always the same."""
        return self._device.type != "cpu" or bool(what.any())

    def follow(self, chosen: Tensor, parents: Tensor | None = None) -> None:
        """Remember the tokens that were chosen, (n, rows), each after the past of its parent row
        (None: of its own)."""
        n = len(chosen)
        before, latest = self._stamped[:n], self._latest[:n]
        if parents is not None:
            before, latest = before.gather(1, parents), latest.gather(1, parents)
        stamp = (chosen >= self._tokens.first_timestamp) & self._timed[:n]
        latest = torch.where(stamp, chosen, latest)
        closes = stamp & ~before
        self._text_bias[:n] = torch.where(closes, NEVER, 0.0)
        floor = torch.where(stamp & before, self._tokens.vocabulary, latest + 1)
        self._floor[:n] = torch.where(closes, latest, floor)
        self._stamped[:n] = stamp
        self._latest[:n] = latest
