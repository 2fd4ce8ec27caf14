"""The decoder against openai-whisper: whatever else is decoded beside a window, its result is that
of ``whisper.decode`` with the window alone."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import whisper
from decoding_like_whisper import assert_like_whisper, decode_all, tokenizers_of
from random_whisper import dimensions_of, random_whisper
from whisper.model import Whisper

from alternator.models.checkpoint import read_checkpoint
from alternator.speech.batched import search_lane
from alternator.speech.batched.decoder import Decoder
from alternator.speech.batched.network import Network
from alternator.speech.batched.window import Decoded, Search, Window

PHRASES = [
    ("en-us", "Good morning, everyone."),
    ("de", "Das Wetter ist heute sehr schön."),
    ("fr", "Où est la gare?"),
    ("en-us", "The black house is expensive. Hello world."),
]
SEARCHES = {
    "greedy": Search(),
    "greedy, no timestamps": Search(without_timestamps=True),
    "two beams": Search(beam_size=2),
    "one beam": Search(beam_size=1),
    "five beams": Search(beam_size=5),
    "five beams, attention": Search(beam_size=5, wants_attention=True),
    "greedy, attention": Search(wants_attention=True),
    "patient": Search(beam_size=3, patience=2.0),
    "impatient": Search(beam_size=5, patience=0.4),
    "length penalty": Search(beam_size=5, length_penalty=0.6),
    "beams, no timestamps": Search(beam_size=5, without_timestamps=True),
    "nothing suppressed": Search(suppress_tokens=()),
    "a word suppressed": Search(suppress_tokens=(-1, 383, 2425)),
    "any first timestamp": Search(max_initial_timestamp=None, beam_size=2),
    "early first timestamp": Search(max_initial_timestamp=0.2),
    "cut short": Search(sample_len=4),
    "beams cut short": Search(sample_len=4, beam_size=5),
    "sampled": Search(temperatures=(0.5,), logprob_threshold=None),
    "best of three": Search(temperatures=(0.8,), best_of=3),
    "best of five by length": Search(temperatures=(1.0,), best_of=5, length_penalty=0.3),
    "all the way up": Search(
        temperatures=(0.0, 0.2, 0.4, 0.6), beam_size=5, best_of=5, logprob_threshold=0.0
    ),
    "greedy, then samples": Search(temperatures=(0.0, 0.3, 0.9), logprob_threshold=-0.02),
    "too repetitive": Search(temperatures=(0.0, 0.5), compression_ratio_threshold=0.5, best_of=2),
    "silence is no reason": Search(
        temperatures=(0.0, 0.5), logprob_threshold=0.0, no_speech_threshold=0.0
    ),
}
ORDER = list(SEARCHES)


@pytest.fixture(scope="module")
def fixture_whisper(checkpoint: Path) -> Whisper:
    return whisper.load_model(str(checkpoint), device="cpu")


@pytest.fixture(scope="module")
def network(checkpoint: Path) -> Network:
    return Network.load(read_checkpoint(checkpoint), device="cpu", compute_type="float32")


@pytest.fixture(scope="module")
def mels(speak) -> list[torch.Tensor]:
    """Spectrograms of PHRASES, as long as they are."""
    found = []
    for voice, text in PHRASES:
        samples = whisper.load_audio(str(speak(text, voice)))
        frames = len(samples) // 160
        found.append(whisper.log_mel_spectrogram(whisper.pad_or_trim(samples))[:, :frames])
    return found


def decoder_of(network: Network, batch_size: int, **others) -> Decoder:
    return Decoder(network, tokenizers_of(network.dimensions), batch_size=batch_size, **others)


def window(mel: torch.Tensor, search: Search = SEARCHES["greedy"], **others) -> Window:
    asked = Window(owner="one", mel=mel, search=search, language=None)
    return replace(asked, **others)


@pytest.mark.parametrize("ahead", [False, True], ids=["as on the CPU", "steps ahead"])
def test_windows_of_all_kinds_in_one_batch_are_decoded_as_each_alone(
    fixture_whisper, network, mels, monkeypatch, ahead
):
    # On a GPU steps run before the host has seen the ones before them.
    monkeypatch.setattr(search_lane, "runs_ahead", lambda _: ahead)
    languages = itertools.cycle([None, "en", "de", None, "fr"])
    tasks = itertools.cycle(["transcribe", "transcribe", "translate"])
    windows = [
        window(mels[at % len(mels)], SEARCHES[name], language=language, task=task, owner=name)
        for (at, name), language, task in zip(enumerate(SEARCHES), languages, tasks, strict=False)
    ]
    found = decode_all(decoder_of(network, 3), windows, later=8)
    for one, result in zip(windows, found, strict=True):
        assert_like_whisper(result, fixture_whisper, one)


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_of_every_phrase_is_openai_whispers(fixture_whisper, network, mels, name):
    windows = [window(mel, SEARCHES[name], language="en") for mel in mels]
    found = decode_all(decoder_of(network, 2), windows)
    for one, result in zip(windows, found, strict=True):
        assert_like_whisper(result, fixture_whisper, one)


def test_prompts_and_prefixes_of_any_length(fixture_whisper, network, mels):
    tokenizer = tokenizers_of(network.dimensions)("en", "transcribe")
    said = tokenizer.encode(" Hello world. Good morning.") * 40
    windows = [
        window(mel, search, prompt=prompt, prefix=prefix, language=language)
        for mel, (search, prompt, prefix, language) in zip(
            itertools.cycle(mels),
            [
                (Search(), tuple(said[:5]), (), "en"),
                (Search(beam_size=5), tuple(said[:40]), (), None),
                (Search(), tuple(said), (), "de"),
                (Search(beam_size=2), (), tuple(tokenizer.encode(" Good")), "en"),
                (Search(), tuple(said[:3]), tuple(tokenizer.encode(" Good morning")), None),
                (Search(without_timestamps=True), tuple(said[:223]), tuple(said[:9]), "fr"),
            ],
            strict=False,
        )
    ]
    found = decode_all(decoder_of(network, 4), windows)
    for one, result in zip(windows, found, strict=True):
        assert_like_whisper(result, fixture_whisper, one)


def talkative(seed: int, **dimensions: int) -> tuple[Whisper, Network]:
    """A random network that says much, and sometimes comes to an end."""
    shape = dimensions_of(
        **({"state": 64, "heads": 2, "layers": 2, "n_audio_ctx": 100} | dimensions)
    )
    model, checkpoint = random_whisper(shape, seed)
    end = 50257 if shape.is_multilingual else 50256
    with torch.no_grad():
        model.decoder.token_embedding.weight[end] *= 4
        model.decoder.token_embedding.weight[end + 1 :] *= 1.5
    return model, Network.load(checkpoint, device="cpu", compute_type="float32")


def noise(network: Network, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    frames = 2 * network.dimensions.n_audio_ctx
    return torch.randn(network.dimensions.n_mels, frames, generator=generator)


# openai-whisper's beam search reads all of a text again at each step: short ones suffice.
UNCHECKED = Search(logprob_threshold=None, compression_ratio_threshold=None, sample_len=24)
RANDOM_SEARCHES = [
    UNCHECKED,
    replace(UNCHECKED, beam_size=2),
    replace(UNCHECKED, beam_size=5),
    replace(UNCHECKED, beam_size=5, patience=2.0),
    replace(UNCHECKED, beam_size=5, length_penalty=0.9),
    replace(UNCHECKED, without_timestamps=True),
    replace(UNCHECKED, beam_size=3, without_timestamps=True, suppress_tokens=()),
    replace(UNCHECKED, temperatures=(0.7,), best_of=4),
    Search(temperatures=(0.0, 0.4), beam_size=5, best_of=5, sample_len=24),
    Search(logprob_threshold=None, compression_ratio_threshold=None),
]


@pytest.mark.parametrize(
    ("seed", "dimensions"),
    [
        (0, {}),
        (1, {"n_vocab": 51864}),
        (2, {"n_vocab": 51866, "n_mels": 128}),
        (3, {"n_text_layer": 1}),
    ],
    ids=["99 languages", "English only", "100 languages, 128 mels", "distilled"],
)
def test_random_networks_say_the_same_to_the_end(seed, dimensions):
    model, network = talkative(seed, **dimensions)
    language = itertools.cycle([None, "en", "de"] if network.dimensions.is_multilingual else [None])
    windows = [
        window(noise(network, number), search, language=next(language), owner=str(number % 3))
        for number, search in enumerate(RANDOM_SEARCHES)
    ]
    found = decode_all(decoder_of(network, 4), windows, later=3)
    for one, result in zip(windows, found, strict=True):
        assert_like_whisper(result, model, one)


def test_a_full_context_ends_where_openai_whispers_does():
    model, network = talkative(5, n_text_ctx=40)
    prompt = tuple(range(1000, 1100))
    windows = [
        window(noise(network, 1), search, language="en", prompt=prompt)
        for search in (
            UNCHECKED,
            replace(UNCHECKED, beam_size=3, wants_attention=True),
            replace(UNCHECKED, temperatures=(0.5,), best_of=2),
        )
    ]
    found = decode_all(decoder_of(network, 2), windows)
    for one, result in zip(windows, found, strict=True):
        assert_like_whisper(result, model, one)
    assert max(len(result.tokens) for result in found) == 40 + 1 - (1 + 19 + 3)


def test_the_result_of_a_window_does_not_depend_on_its_neighbours(network, mels):
    searches = [
        SEARCHES[name] for name in ("greedy", "five beams", "best of three", "all the way up")
    ]
    windows = [
        window(mel, search, language="en") for mel, search in zip(mels, searches, strict=True)
    ]
    together = decode_all(decoder_of(network, 8), windows)
    for one, beside in zip(windows, together, strict=True):
        (alone,) = decode_all(decoder_of(network, 1), [one])
        assert alone.tokens == beside.tokens
        assert alone.temperature == beside.temperature
        assert alone.avg_logprob == pytest.approx(beside.avg_logprob, abs=1e-5)
        assert alone.token_logprobs == pytest.approx(beside.token_logprobs, abs=1e-4)


def test_the_log_probabilities_of_the_tokens_make_up_the_mean(network, mels):
    for result in decode_all(decoder_of(network, 4), [window(mels[0]), window(mels[1])]):
        mean = sum(result.token_logprobs) / len(result.token_logprobs)
        assert result.avg_logprob == pytest.approx(mean, abs=1e-5)


def test_there_is_attention_for_each_token_and_the_end(network, mels):
    windows = [window(mel, SEARCHES["five beams, attention"], language="en") for mel in mels]
    for result in decode_all(decoder_of(network, 2), windows):
        assert result.attention is not None
        heads = len(network.alignment_heads)
        assert result.attention.shape == (heads, len(result.tokens) + 1, 1500)


def test_attention_is_the_same_by_beams_as_alone(network, mels):
    """Where five beams and the likeliest tokens come to the same text, both heard the same."""
    one, beams = (SEARCHES[name] for name in ("greedy, attention", "five beams, attention"))
    windows = [window(mels[0], search, language="en") for search in (one, beams)]
    alone, by_beams = decode_all(decoder_of(network, 2), windows)
    assert alone.tokens == by_beams.tokens
    assert alone.attention is not None
    assert by_beams.attention is not None
    torch.testing.assert_close(alone.attention, by_beams.attention, atol=1e-3, rtol=1e-3)


def names(to: list[str], name: str) -> Callable[[Decoded], None]:
    """Told of a result, it writes the name down."""

    def write(_: Decoded) -> None:
        to.append(name)

    return write


def test_a_short_request_is_not_behind_a_long_one(network, mels):
    decoder = decoder_of(network, 2)
    order: list[str] = []
    for owner in ["long"] * 6 + ["short"]:
        decoder.submit(window(mels[0], owner=owner, language="en"), names(order, owner))
    while decoder.step():
        pass
    assert order.index("short") < 2
    assert len(order) == 7


def test_a_short_request_is_not_behind_a_long_one_that_is_tried_again_and_again(network, mels):
    """As music is, or speech in another language than was said."""
    decoder = decoder_of(network, 2)
    order: list[str] = []
    hopeless = Search(
        temperatures=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0), logprob_threshold=1.0, no_speech_threshold=None
    )
    for _ in range(12):
        again = window(mels[0], hopeless, owner="long", language="en")
        decoder.submit(again, names(order, "long"))
    steps = 0
    while decoder.step():
        steps += 1
        if steps == 25:  # all that are under way have been tried before
            assert not order
            decoder.submit(window(mels[0], owner="short", language="en"), names(order, "short"))
    assert order[0] == "short" and len(order) == 13


def test_others_wait_for_what_is_urgent(network, mels):
    decoder = decoder_of(network, 2)
    order: list[str] = []
    for owner in ("one", "two", "three", "four"):
        decoder.submit(window(mels[3], owner=owner, language="en"), names(order, owner))
    for _ in range(3):
        decoder.step()
    urgent = window(mels[0], SEARCHES["five beams"], owner="live", language="en", urgent=True)
    decoder.submit(urgent, names(order, "live"))
    while decoder.step():
        pass
    # The batch was full of the others, which had begun before it.
    assert order[0] == "live"
    assert sorted(order[1:]) == ["four", "one", "three", "two"]


def test_nobody_waits_for_ever_beside_what_is_urgent(network, mels):
    decoder = decoder_of(network, 2)
    order: list[str] = []
    urgent = window(mels[0], SEARCHES["five beams"], owner="live", language="en", urgent=True)

    def again(_: Decoded) -> None:
        order.append("live")
        assert len(order) < 30, "the others never end"
        if order.count("file") < 3:
            decoder.submit(urgent, again)

    for _ in range(3):
        decoder.submit(window(mels[0], owner="file", language="en"), names(order, "file"))
    decoder.submit(urgent, again)
    while decoder.step():
        pass
    assert order.count("file") == 3
    assert order.count("live") > 3


def test_who_cancels_is_told_no_more_and_the_others_all(network, mels):
    decoder = decoder_of(network, 2)
    told: list[str] = []
    for owner in ("gone", "stays", "gone", "gone", "stays"):
        decoder.submit(window(mels[1], owner=owner, language="en"), names(told, owner))
    for _ in range(3):
        decoder.step()
    assert told == []
    decoder.cancel("gone")
    decoder.cancel("nobody")
    while decoder.step():
        pass
    assert told == ["stays", "stays"]
    decoder.submit(window(mels[1], owner="gone", language="en"), names(told, "again"))
    while decoder.step():
        pass
    assert told[-1] == "again"


def likeliest(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=lambda code: probabilities[code])


def test_language_detection_is_openai_whispers(fixture_whisper, network, mels):
    decoder = decoder_of(network, 1)
    for mel in mels:
        found = decoder.detect_language(mel)
        right = fixture_whisper.detect_language(whisper.pad_or_trim(mel, 3000))[1]
        assert found.keys() == right.keys()
        assert max(found.values()) == pytest.approx(max(right.values()), abs=1e-4)
        assert likeliest(found) == likeliest(right)


class Small(Network):
    """A network on a device that takes ``most`` windows at once."""

    most = 8

    def encode(self, mel: torch.Tensor) -> torch.Tensor:
        self.check(len(mel))
        return super().encode(mel)

    def lane(self, windows: int, rows: int = 1, **others):
        self.check(windows)
        return super().lane(windows, rows, **others)

    def check(self, windows: int) -> None:
        if windows > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


@pytest.mark.parametrize("most", [3, 1])
def test_without_memory_it_goes_on_with_half_of_it_and_says_so(checkpoint, network, mels, most):
    small = Small.load(read_checkpoint(checkpoint), device="cpu", compute_type="float32")
    small.most = most
    said: list[str] = []
    decoder = decoder_of(small, 8, say=said.append)
    searches = [SEARCHES["greedy"], SEARCHES["all the way up"], SEARCHES["greedy, attention"]]
    windows = [window(mel, search) for mel in mels[:2] for search in searches]
    found = decode_all(decoder, windows)
    assert decoder.batch_size == (2 if most == 3 else 1)
    assert len(said) == (2 if most == 3 else 3)
    assert f"batch_size {decoder.batch_size}" in said[-1]
    right = decode_all(decoder_of(network, 8), windows)
    assert [one.tokens for one in found] == [one.tokens for one in right]


def test_a_window_that_does_not_fit_alone_is_an_error(checkpoint, mels):
    small = Small.load(read_checkpoint(checkpoint), device="cpu", compute_type="float32")
    small.most = 0
    decoder = decoder_of(small, 1)
    decoder.submit(window(mels[0]), lambda _: None)
    with pytest.raises(torch.OutOfMemoryError):
        decoder.step()


def test_who_fails_at_a_result_takes_no_other_from_those_who_wait(network, mels):
    decoder = decoder_of(network, 2)
    told: list[str] = []

    def fail(_: Decoded) -> None:
        raise KeyError("a defect of who asked")

    decoder.submit(window(mels[0], language="en"), fail)
    decoder.submit(window(mels[0], language="en", owner="two"), names(told, "two"))
    with pytest.raises(KeyError):
        while decoder.step():
            pass
    while decoder.step():
        pass
    assert told == ["two"]


def test_thirty_windows_leave_nothing_behind(network, mels):
    decoder = decoder_of(network, 4)
    decode_all(decoder, [window(mels[at % 4], owner=str(at % 5)) for at in range(30)])
    assert decoder.step() is False
    assert not decoder._under_way
    assert not len(decoder._lanes)
