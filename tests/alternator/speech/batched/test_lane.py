"""A lane against openai-whisper's own decoder, which reads each hypothesis from its beginning."""

import pytest
import torch
from random_whisper import dimensions_of, random_whisper
from whisper.model import Whisper, disable_sdpa

from alternator.errors import ModelError
from alternator.models.checkpoint import Dimensions
from alternator.speech.batched.lane import Lane
from alternator.speech.batched.network import Network
from alternator.speech.batched.silence import Sound

START = [1958, 1959, 1999]
# Widths and depths of many kinds: a distilled one has a shallow decoder. The vocabulary is
# small, since openai-whisper's decoder computes the logits of all tokens that it reads anew.
MODELS = {
    "two layers": dimensions_of(state=64, heads=2, layers=2, n_audio_ctx=200, n_vocab=2001),
    "tiny's width": dimensions_of(
        state=384, heads=6, layers=1, n_audio_ctx=300, n_text_layer=4, n_vocab=2001
    ),
    "distilled": dimensions_of(
        state=128, heads=2, layers=4, n_audio_ctx=200, n_text_layer=1, n_vocab=2001
    ),
    "English": dimensions_of(state=192, heads=3, layers=2, n_audio_ctx=200, n_vocab=2000),
}


@pytest.fixture(params=MODELS, scope="module")
def both(request: pytest.FixtureRequest) -> tuple[Whisper, Network]:
    model, checkpoint = random_whisper(MODELS[request.param])
    return model, Network.load(checkpoint, device="cpu", compute_type="float32")


@pytest.fixture(scope="module")
def one() -> tuple[Whisper, Network]:
    model, checkpoint = random_whisper(MODELS["two layers"])
    return model, Network.load(checkpoint, device="cpu", compute_type="float32")


def sound(network: Network, windows: int, seed: int = 1) -> list[Sound]:
    generator = torch.Generator().manual_seed(seed)
    frames = 2 * network.dimensions.n_audio_ctx
    mel = torch.randn(windows, network.dimensions.n_mels, frames, generator=generator)
    return [Sound(states=states) for states in network.encode(mel)]


class Told:
    """What was said to a lane, place by place, and what openai-whisper answers to it."""

    def __init__(self, model: Whisper, lane: Lane) -> None:
        self.model, self.lane = model, lane
        self.audio: dict[int, torch.Tensor] = {}
        self.tokens: dict[int, list[list[int]]] = {}

    def admit(self, places: list[int], audio: list[Sound], tokens: list[list[int]]) -> torch.Tensor:
        for place, heard, start in zip(places, audio, tokens, strict=True):
            self.audio[place] = heard.states
            self.tokens[place] = [list(start) for _ in range(self.lane.rows)]
        return self.lane.admit(places, audio, tokens)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        for place, rows in self.tokens.items():
            for row, said in enumerate(rows):
                said.append(int(tokens[place, row]))
        return self.lane.step(tokens)

    def reorder(self, source: torch.Tensor) -> None:
        for place, rows in self.tokens.items():
            self.tokens[place] = [list(rows[at]) for at in source[place].tolist()]
        self.lane.reorder(source)

    def check(self, logits: torch.Tensor) -> None:
        for place, rows in self.tokens.items():
            with torch.no_grad():
                audio = self.audio[place].expand(len(rows), -1, -1)
                expected = self.model.decoder(torch.tensor(rows), audio)[:, -1]
            torch.testing.assert_close(logits[place], expected, atol=1e-4, rtol=1e-4)
            assert logits[place].argmax(-1).tolist() == expected.argmax(-1).tolist()


def test_a_long_greedy_text_is_the_same_to_the_end_of_the_context(both):
    model, network = both
    told = Told(model, network.lane(1))
    hidden = told.admit([0], sound(network, 1), [START])
    logits = network.logits(hidden[:, -1:])
    steps = network.dimensions.n_text_ctx - len(START)
    for step in range(steps):
        logits = told.step(logits.argmax(-1))
        if step % 40 == 0 or step > steps - 3:
            told.check(logits)
    assert len(told.tokens[0][0]) == network.dimensions.n_text_ctx


def test_the_prompts_hidden_states_give_its_logits(both):
    model, network = both
    audio = sound(network, 2)
    starts = [[1990, 11, 12, 13, *START], [1990, 21, 22, 23, *START]]
    hidden = network.lane(2).admit([0, 1], audio, starts)
    with torch.no_grad():
        states = torch.stack([heard.states for heard in audio])
        expected = model.decoder(torch.tensor(starts), states)
    torch.testing.assert_close(network.logits(hidden), expected, atol=1e-4, rtol=1e-4)


def test_windows_of_any_age_and_prompt_are_computed_together(one):
    model, network = one
    told = Told(model, network.lane(3))
    audio = sound(network, 5)
    told.admit([1], audio[:1], [[1990, *range(100, 150), *START]])
    numbers = torch.Generator().manual_seed(2)
    for step in range(120):
        if step == 20:
            told.admit([2, 0], audio[1:3], [START, [5, *START][1:]])
        if step == 50:
            told.admit([1], audio[3:4], [[1990, 7, 8, *START]])  # a window that follows another
        if step == 70:
            del told.tokens[2]
            told.lane.release(2)
        logits = told.step(torch.randint(0, 1900, (3, 1), generator=numbers))
        if step % 7 == 0:
            told.check(logits)


def test_hypotheses_go_on_from_other_rows(both):
    model, network = both
    told = Told(model, network.lane(2, 5))
    told.admit([0, 1], sound(network, 2), [START, START])
    numbers = torch.Generator().manual_seed(3)
    for step in range(40):
        logits = told.step(torch.randint(0, 1900, (2, 5), generator=numbers))
        if step % 5 == 0:
            told.check(logits)
        if step % 3:
            told.reorder(torch.randint(0, 5, (2, 5), generator=numbers))


def test_the_first_places_alone_can_go_on(one):
    model, network = one
    told = Told(model, network.lane(4, 2))
    told.admit([0, 1, 2, 3], sound(network, 4), [START] * 4)
    told.step(torch.full((4, 2), 77))
    kept = {place: told.tokens.pop(place) for place in (2, 3)}
    for token in range(5):
        told.check(told.step(torch.full((2, 2), token)))
    told.tokens |= kept
    told.check(told.step(torch.full((4, 2), 99)))


def test_windows_of_less_sound_stand_beside_longer_ones(one):
    model, network = one
    told = Told(model, network.lane(2))
    whole = sound(network, 1)
    short = [Sound(states=sound(network, 1, seed=8)[0].states[:60])]
    for places in ([0, 1], [1, 0]):
        told.admit(places[:1], whole, [START])
        told.admit(places[1:], short, [START])
        for token in (3, 4, 5):
            told.check(told.step(torch.full((2, 1), token)))


def heads_by_hooks(
    model: Whisper, dimensions: Dimensions, tokens: list[int], audio: torch.Tensor
) -> list[torch.Tensor]:
    """The scores as whisper/timing.py takes them."""
    scores = [torch.empty(0)] * dimensions.n_text_layer
    hooks = [
        block.cross_attn.register_forward_hook(
            lambda _, ins, outs, index=index: scores.__setitem__(index, outs[-1][0])
        )
        for index, block in enumerate(model.decoder.blocks)
    ]
    with torch.no_grad(), disable_sdpa():
        model.decoder(torch.tensor([tokens]), audio[None])
    for hook in hooks:
        hook.remove()
    return scores


def test_scores_of_the_alignment_heads_follow_a_hypothesis_back(both):
    model, network = both
    told = Told(model, network.lane(2, 3, attention=True))
    told.admit([1], sound(network, 1), [START])
    numbers = torch.Generator().manual_seed(4)
    # The places that are not in use are computed too.
    ended = []
    for step in range(25):
        told.step(torch.randint(0, 1900, (2, 3), generator=numbers))
        if step == 9:  # this one ends here, and the others overwrite nothing of it
            ended = list(told.tokens[1][2])
        told.reorder(torch.randint(0, 3, (2, 3), generator=numbers))
    told.step(torch.randint(0, 1900, (2, 3), generator=numbers))
    for row, tokens in ((0, told.tokens[1][0]), (2, told.tokens[1][2]), (2, ended)):
        expected = heads_by_hooks(model, network.dimensions, tokens, told.audio[1])
        found = told.lane.attention(1, row, len(tokens))
        wanted = torch.stack([expected[at][head] for at, head in network.alignment_heads])
        torch.testing.assert_close(found, wanted[:, len(START) - 1 :], atol=1e-5, rtol=1e-4)


def test_a_start_that_fills_the_context_is_refused(one):
    _, network = one
    with pytest.raises(ModelError, match="a start of 448 tokens leaves no room in the model's 448"):
        network.lane(1).admit([0], sound(network, 1), [[1] * 448])


def test_a_window_goes_on_in_another_place(one):
    model, network = one
    lane = network.lane(3, 2, attention=True)
    told = Told(model, lane)
    audio = sound(network, 3)
    told.admit([0, 1, 2], audio, [START] * 3)
    told.check(told.step(torch.tensor([[11, 12], [13, 14], [15, 16]])))
    told.reorder(torch.tensor([[0, 0], [1, 1], [1, 0]]))
    told.check(told.step(torch.tensor([[21, 22], [23, 24], [25, 26]])))
    before = lane.attention(2, 1, len(START) + 2)
    lane.release(0)
    lane.move(2, 0)
    told.audio[0], told.tokens[0] = told.audio.pop(2), told.tokens.pop(2)
    told.check(told.step(torch.tensor([[31, 32], [33, 34]])))
    assert torch.equal(lane.attention(0, 1, len(START) + 2), before)
