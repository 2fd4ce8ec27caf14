"""What a request's options mean for the search of tokens in a window."""

from alternator.speech.batched.window import Decoded, Search
from alternator.speech.options import DecodingOptions


def search_of(options: DecodingOptions) -> Search:
    """The options that are about the choice of tokens."""
    return Search(
        temperatures=options.temperature,
        beam_size=options.beam_size,
        best_of=options.best_of,
        patience=options.patience,
        length_penalty=options.length_penalty,
        suppress_tokens=options.suppress_tokens,
        without_timestamps=options.without_timestamps,
        compression_ratio_threshold=options.compression_ratio_threshold,
        logprob_threshold=options.logprob_threshold,
        no_speech_threshold=options.no_speech_threshold,
        wants_attention=options.word_timestamps,
    )


def is_silence(decoded: Decoded, options: DecodingOptions) -> bool:
    """Whether openai-whisper would drop it: nobody seems to speak, and the text is unlikely
    (https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py)."""
    if options.no_speech_threshold is None:
        return False
    likely = (
        options.logprob_threshold is not None and decoded.avg_logprob > options.logprob_threshold
    )
    return decoded.no_speech_prob > options.no_speech_threshold and not likely
