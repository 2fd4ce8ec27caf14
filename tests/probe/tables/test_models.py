"""Which Whisper model fits, and the limit that a container gets for it."""

import pytest

from probe.tables.models import UNKNOWN_LIMIT, load_models, memory_limit, shortage


def test_every_model_has_room_in_its_limit():
    """A limit that the measured peak reaches would end the bot in the middle of a clip."""
    for model in load_models():
        assert model.cpu_mib * 1.1 < memory_limit(model.name, cpu=True) * 1024


@pytest.mark.parametrize(
    ("name", "same_as"),
    [(None, "base"), ("small.en", "small"), ("large", "large-v3"), ("large-v3-turbo", "turbo")],
)
def test_other_names_of_a_model(name, same_as):
    assert memory_limit(name, cpu=True) == memory_limit(same_as, cpu=True)


def test_what_was_not_measured_gets_the_limit_for_the_unknown():
    assert memory_limit("/models/mine.pt", cpu=True) == UNKNOWN_LIMIT
    assert memory_limit("tiny", cpu=False) == UNKNOWN_LIMIT
    assert memory_limit("large-v3", cpu=True) <= UNKNOWN_LIMIT


@pytest.mark.parametrize(
    ("name", "memory_mib", "smaller"),
    [
        ("large-v3", 8192, "turbo"),
        ("medium", 4096, "small"),
        (None, 512, "tiny"),  # nothing fits: the smallest
        ("large-v3", 16384, None),
        ("/models/mine.pt", 512, None),
        ("large-v3", None, None),
    ],
)
def test_a_model_that_is_too_large_names_the_one_that_is_not(name, memory_mib, smaller):
    found = shortage(name, memory_mib)
    assert (found[1] if found else None) == smaller
