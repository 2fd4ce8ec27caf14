"""Puts confidence into the segments of a window, word by word."""

import itertools
from collections.abc import Iterator, Sequence

from whisper.tokenizer import Tokenizer

from alternator.speech.batched.confidence import coefficients, features, mean
from alternator.speech.batched.drafts import Draft
from alternator.speech.batched.voiced import Voice


def rate(drafts: Sequence[Draft], tokenizer: Tokenizer, voice: Voice | None = None) -> None:
    """Each segment's confidence, and that of its words where it has them.

    ``voice`` is None where the voice detector was not asked.
    """
    for draft in drafts:
        silence = 0.0
        if voice is not None:
            silence = 1.0 - voice.share(draft.start, draft.end)
        words = [
            coefficients().confidence(features(logprobs, draft.decoded, silence))
            for logprobs in word_logprobs(draft, tokenizer)
        ]
        draft.confidence = mean([(word, 1) for word in words])
        if draft.words:
            # Signs were merged into words: a word is rated by its own probability.
            for timed, confidence in zip(draft.words, words, strict=False):
                timed.confidence = confidence


def word_logprobs(draft: Draft, tokenizer: Tokenizer) -> Iterator[list[float]]:
    """For each word of a segment the log probabilities of its tokens; signs belong to the word
    before them."""
    places = [
        place
        for place in range(draft.first, draft.first + len(draft.tokens))
        if draft.decoded.tokens[place] < tokenizer.eot
    ]
    tokens = [draft.decoded.tokens[place] for place in places]
    words, word_tokens = tokenizer.split_to_word_tokens(tokens)
    logprobs = [draft.decoded.token_logprobs[place] for place in places]
    borders = [0, *itertools.accumulate(len(own) for own in word_tokens)]
    merged: list[list[float]] = []
    for word, (first, last) in zip(words, itertools.pairwise(borders), strict=True):
        if any(sign.isalnum() for sign in word) or not merged:
            merged.append(logprobs[first:last])
    return iter(merged)
