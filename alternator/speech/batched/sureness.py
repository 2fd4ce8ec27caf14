"""Puts confidence into the segments of a window, word by word."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

from alternator.speech.batched.confidence import coefficients, features, mean
from alternator.speech.batched.drafts import Draft
from alternator.speech.batched.voiced import Voice
from alternator.speech.engines.whisper_package import Tokenizer
from alternator.speech.transcript import Segment


def rate(drafts: Sequence[Draft], tokenizer: Tokenizer, voice: Voice | None = None) -> None:
    """Each segment's confidence, and that of its words where it has them.

    ``voice`` is None where the voice detector was not asked.
    """
    for draft in drafts:
        silence = 0.0 if voice is None else 1.0 - voice.share(draft.start, draft.end)
        words = [
            coefficients().confidence(features(probability, draft.decoded, silence))
            for probability in word_probabilities(draft, tokenizer)
        ]
        draft.confidence = mean([(word, 1) for word in words])
        for word in draft.words or ():
            known = features(word.probability, draft.decoded, silence)
            word.confidence = coefficients().confidence(known)


def word_probabilities(draft: Draft, tokenizer: Tokenizer) -> Iterator[float]:
    """For each word of a segment the mean of its tokens' probabilities; signs are no word."""
    places = [
        place
        for place in range(draft.first, draft.first + len(draft.tokens))
        if draft.decoded.tokens[place] < tokenizer.eot
    ]
    words, tokens = tokenizer.split_to_word_tokens([draft.decoded.tokens[p] for p in places])
    likely = iter([math.exp(draft.decoded.token_logprobs[place]) for place in places])
    for word, own in zip(words, tokens, strict=True):
        of_word = list(itertools.islice(likely, len(own)))
        if any(sign.isalnum() for sign in word):
            yield sum(of_word) / len(of_word)


def confidence_of(segments: Iterable[Segment]) -> float | None:
    """Of a whole transcript: each word counts the same."""
    return mean(
        [
            (segment.confidence, len(segment.text.split()))
            for segment in segments
            if segment.confidence is not None
        ]
    )
