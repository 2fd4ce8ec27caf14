"""Until when NVIDIA's tools are waited for."""

from probe.detect.waiting import Waiting


def test_the_longest_bound_counts_while_nobody_has_answered():
    waiting = Waiting(5, 60)
    assert not waiting.over
    assert 59 < waiting.left_s <= 60


def test_the_first_answer_leaves_the_other_the_usual_bound():
    waiting = Waiting(5, 60)
    waiting.answered()
    assert 4 < waiting.left_s <= 5
    waiting.answered()
    assert 4 < waiting.left_s <= 5, "a second answer is no reason to wait longer"


def test_an_answer_never_makes_the_wait_longer():
    waiting = Waiting(60, 5)
    waiting.answered()
    assert waiting.left_s <= 5


def test_a_wait_that_is_over():
    waiting = Waiting(0, 60)
    waiting.answered()
    assert waiting.over
    assert waiting.left_s == 0
