"""Windows as a decoder would give them back, by hand."""

from collections.abc import Mapping

from alternator.speech.batched.window import Decoded


def decoded(
    tokens: tuple[int, ...] = (),
    *,
    text: str = "",
    avg_logprob: float = -0.2,
    no_speech_prob: float = 0.01,
    compression_ratio: float = 1.2,
    temperature: float = 0.0,
    language: str = "en",
    languages: Mapping[str, float] | None = None,
) -> Decoded:
    """A window's result; each token is as probable as the mean says."""
    return Decoded(
        tokens=tokens,
        text=text,
        language=language,
        avg_logprob=avg_logprob,
        no_speech_prob=no_speech_prob,
        temperature=temperature,
        compression_ratio=compression_ratio,
        token_logprobs=(avg_logprob,) * (len(tokens) + 1),
        language_probabilities=languages or {},
    )
