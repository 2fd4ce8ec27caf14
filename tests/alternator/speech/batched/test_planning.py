"""What a window may ask for, and how its attempts follow each other."""

import dataclasses

import pytest
import torch
from decoding_like_whisper import tokenizers_of
from random_whisper import dimensions_of

from alternator.errors import ConfigError
from alternator.speech.batched.jobs import Job
from alternator.speech.batched.planning import Planner, lacks_memory
from alternator.speech.batched.window import Search, Window

DIMENSIONS = dimensions_of(state=64, heads=2, layers=2)
PLANNER = Planner(DIMENSIONS, tokenizers_of(DIMENSIONS), seed=7)


PLAIN = Search()


def asked(search: Search = PLAIN, **others) -> Window:
    window = Window(owner="one", mel=torch.zeros(80, 100), search=search, language="en")
    return dataclasses.replace(window, **others)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (asked(Search(suppress_tokens=(3, 60_000))), "suppress_tokens"),
        (asked(Search(temperatures=())), "temperature"),
        (asked(Search(temperatures=(0.0, -0.1))), "temperature"),
        (asked(Search(beam_size=0)), "beam_size"),
        (asked(Search(best_of=0)), "best_of"),
        (asked(Search(sample_len=0)), "sample_len"),
        (asked(Search(beam_size=2, patience=0.1)), "patience"),
        (asked(prompt=(1,) * 223, prefix=(1,) * 221), "prompt and prefix"),
    ],
)
def test_what_no_window_can_be_decoded_with_is_refused(window, said):
    with pytest.raises(ConfigError, match=said):
        PLANNER.check(window)


def test_the_longest_prompt_and_prefix_are_taken():
    PLANNER.check(asked(prompt=(1,) * 500, prefix=(1,) * 220))


def test_attempts_follow_the_temperatures():
    search = Search(temperatures=(0.0, 0.4), beam_size=5, best_of=3, patience=2.0)
    job = Job(window=asked(search), on_done=lambda _: None, language="en")
    first = PLANNER.plan(job).way
    job.attempt = 1
    second = PLANNER.plan(job).way
    assert (first.rows, first.sequences, first.temperature) == (5, 10, 0.0)
    assert (second.rows, second.sequences, second.temperature, second.seed) == (3, None, 0.4, 8)


def test_a_start_is_prompt_sequence_and_prefix():
    window = asked(prompt=(5, 6), prefix=(7,), task="translate", language="de")
    start = PLANNER.plan(Job(window=window, on_done=lambda _: None, language="de")).start
    assert start.tokens == (50361, 5, 6, 50258, 50261, 50358, 7)
    assert start.sot == 3


def test_a_model_of_english_has_no_language_to_detect():
    dimensions = dataclasses.replace(DIMENSIONS, n_vocab=51864)
    planner = Planner(dimensions, tokenizers_of(dimensions), seed=0)
    assert planner.known_language(asked(language=None)) == "en"
    assert PLANNER.known_language(asked(language=None)) is None


def test_a_lack_of_memory_is_told_from_other_errors():
    with pytest.raises(RuntimeError) as lack:
        torch.empty(2**60, dtype=torch.uint8)
    assert lacks_memory(lack.value)
    assert lacks_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert lacks_memory(MemoryError())
    assert not lacks_memory(RuntimeError("shapes"))
    assert not lacks_memory(ValueError("not enough memory"))
