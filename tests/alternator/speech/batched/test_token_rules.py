"""The rules of tokens against openai-whisper's own logit filters, on any history."""

import functools
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.decoding import (
    ApplyTimestampRules,
    DecodingTask,
    LogitFilter,
    SuppressBlank,
    SuppressTokens,
)
from whisper.tokenizer import Tokenizer, get_tokenizer

from alternator.speech.batched.token_rules import (
    RuleTokens,
    TokenRules,
    WindowRules,
    suppressed_tokens,
)
from alternator.speech.batched.window import Search, Window

VOCABULARIES = {"English": 51864, "99 languages": 51865, "100 languages": 51866}
CPU = torch.device("cpu")


@functools.cache
def tokenizer_of(vocabulary: int) -> Tokenizer:
    multilingual = vocabulary >= 51865
    return get_tokenizer(multilingual, num_languages=vocabulary - 51765 - multilingual)


def filters_of(search: Search, tokenizer: Tokenizer) -> list[LogitFilter]:
    """As DecodingTask makes them, for a model of 1500 positions of sound."""
    filters: list[LogitFilter] = [SuppressBlank(tokenizer, 0)]
    if search.suppress_tokens:
        filters.append(SuppressTokens(suppressed_tokens(search.suppress_tokens, tokenizer)))
    if not search.without_timestamps:
        latest = search.max_initial_timestamp
        index = round(latest / 0.02) if latest else None
        filters.append(ApplyTimestampRules(tokenizer, 0, index))
    return filters


def expected(search: Search, tokenizer: Tokenizer, logits, histories) -> torch.Tensor:
    """What openai-whisper makes of the logits (rows, vocabulary) after histories of one length."""
    filtered = logits.clone()
    for one in filters_of(search, tokenizer):
        one.apply(filtered, torch.tensor(histories, dtype=torch.int64).view(len(histories), -1))
    return torch.log_softmax(filtered, dim=-1)


SEARCHES = [
    Search(),
    Search(without_timestamps=True),
    Search(max_initial_timestamp=None),
    Search(max_initial_timestamp=0.0),
    Search(max_initial_timestamp=0.1, suppress_tokens=(1, 2, 50300)),
    Search(suppress_tokens=()),
    Search(suppress_tokens=(-1, 7), without_timestamps=True),
]


def rules_of(search: Search, tokenizer: Tokenizer, **others) -> WindowRules:
    window = Window(owner="one", mel=torch.zeros(80, 1), search=search, language="en", **others)
    return WindowRules.of(window, tokenizer, 1500)


@st.composite
def histories(draw, tokenizer: Tokenizer, rows: int) -> list[list[int]]:
    """Tokens of some rows, as long as each other: text, timestamps that go up or not, the end."""
    length = draw(st.integers(0, 5))
    stamps = st.integers(0, 1500).map(lambda at: tokenizer.timestamp_begin + at)
    late = st.integers(1490, 1500).map(lambda at: tokenizer.timestamp_begin + at)
    text = st.integers(0, tokenizer.eot)
    one = st.lists(text | stamps | late, min_size=length, max_size=length)
    return draw(st.lists(one, min_size=rows, max_size=rows))


@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=VOCABULARIES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_the_rules_are_openai_whispers_on_any_history(vocabulary, data):
    tokenizer = tokenizer_of(vocabulary)
    windows = data.draw(st.integers(1, 2))
    rows = data.draw(st.integers(1, 2))
    rules = TokenRules(RuleTokens.of(tokenizer, vocabulary), windows + 1, rows, CPU)
    searches = [data.draw(st.sampled_from(SEARCHES)) for _ in range(windows)]
    seed = data.draw(st.integers(0, 10_000))
    spread = data.draw(st.sampled_from([0.5, 3.0, 20.0]))
    generator = torch.Generator().manual_seed(seed)

    def some_logits() -> torch.Tensor:
        found = torch.randn(windows, rows, vocabulary, generator=generator) * spread
        # Now and then timestamps together are likelier than any other token.
        found[..., tokenizer.timestamp_begin :] += data.draw(st.sampled_from([-9.0, 0.0, 4.0]))
        return found

    past = [data.draw(histories(tokenizer, rows)) for _ in range(windows)]
    steps = min(len(one[0]) for one in past)
    first = some_logits()
    began = torch.empty_like(first)
    for place, search in enumerate(searches):
        asked = rules_of(search, tokenizer)
        began[place] = rules.begin(place, asked, first[place, 0])
    found = rules.log_probabilities(began.clone())
    for place, search in enumerate(searches):
        right = expected(search, tokenizer, first[place, :1], [[]])
        assert_same(found[place], right.expand(rows, -1))
    for step in range(steps):
        rules.follow(torch.tensor([[row[step] for row in one] for one in past]))
        logits = some_logits()
        kept = rules.suppress(logits, torch.empty_like(logits))
        found = rules.log_probabilities(kept)
        for place, search in enumerate(searches):
            said = [row[: step + 1] for row in past[place]]
            assert_same(found[place], expected(search, tokenizer, logits[place], said))


def assert_same(found: torch.Tensor, right: torch.Tensor) -> None:
    assert torch.equal(found == -torch.inf, right == -torch.inf)
    torch.testing.assert_close(found, right, atol=1e-4, rtol=1e-5)


def test_beams_take_the_past_of_the_row_that_they_go_on_from():
    tokenizer = tokenizer_of(51865)
    rules = TokenRules(RuleTokens.of(tokenizer, 51865), 1, 2, CPU)
    logits = torch.zeros(1, 2, 51865)
    rules.begin(0, rules_of(Search(), tokenizer), logits[0, 0])
    start, later = tokenizer.timestamp_begin, tokenizer.timestamp_begin + 100
    for chosen, parents in (
        ([start, start + 7], [0, 0]),
        ([11, 12], [1, 0]),
        ([later, 13], [0, 1]),
    ):
        rules.follow(torch.tensor([chosen]), torch.tensor([parents]))
    # Row 0 stands at <start + 7> 11 <later>, row 1 at <start> 12 13; then both follow row 0.
    rules.follow(torch.tensor([[later, tokenizer.eot]]), torch.tensor([[0, 0]]))
    kept = rules.suppress(logits, torch.empty_like(logits))
    said = [[start + 7, 11, later, later], [start + 7, 11, later, tokenizer.eot]]
    right = expected(Search(), tokenizer, logits[0], said)
    assert_same(rules.log_probabilities(kept)[0], right)


@pytest.mark.parametrize("asked", [(), (-1,), (5, 6), (-1, 5)])
@pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=VOCABULARIES)
def test_suppressed_tokens_are_openai_whispers(asked, vocabulary):
    tokenizer = tokenizer_of(vocabulary)
    task = SimpleNamespace(
        options=SimpleNamespace(suppress_tokens=list(asked)), tokenizer=tokenizer
    )
    # Without any, openai-whisper makes no filter at all (DecodingTask.__init__).
    right = DecodingTask._get_suppress_tokens(task) if asked else ()
    assert suppressed_tokens(asked, tokenizer) == right


def test_a_place_that_another_window_takes_forgets_the_one_before():
    tokenizer = tokenizer_of(51865)
    rules = TokenRules(RuleTokens.of(tokenizer, 51865), 1, 1, CPU)
    logits = torch.randn(51865)
    asked = rules_of(Search(), tokenizer)
    rules.begin(0, rules_of(Search(without_timestamps=True), tokenizer), logits)
    rules.follow(torch.tensor([[tokenizer.timestamp_begin + 900]]))
    first = rules.begin(0, asked, logits)[None, None]
    right = expected(Search(), tokenizer, logits[None], [[]])
    assert_same(rules.log_probabilities(first)[0], right)


@pytest.mark.parametrize(
    ("begins", "said_until", "latest", "stamps"),
    [
        (4.0, 3.5, 1.0, (200, 250)),
        (4.0, 4.2, 1.0, (210, 250)),  # what was said ends a moment behind that
        (4.0, 6.0, 1.0, (300, 300)),
        (4.0, 3.5, None, (200, 1500)),
    ],
)
def test_text_behind_what_is_known_begins_behind_it(begins, said_until, latest, stamps):
    tokenizer = tokenizer_of(51865)
    first = tokenizer.timestamp_begin
    rules = TokenRules(RuleTokens.of(tokenizer, 51865), 1, 1, CPU)
    prefix = (first, 11, first + round(said_until * 50))
    asked = rules_of(Search(max_initial_timestamp=latest), tokenizer, prefix=prefix, begins=begins)
    found = rules.begin(0, asked, torch.zeros(51865))
    allowed = torch.nonzero(found > -torch.inf)[:, 0] - first
    assert allowed.tolist() == list(range(stamps[0], stamps[1] + 1))
