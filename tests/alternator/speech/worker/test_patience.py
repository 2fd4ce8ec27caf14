"""When it is over with a worker."""

from alternator.speech.worker.patience import TICK_SECONDS, Deadlines, Patience

DEADLINES = Deadlines(hung=1, silence=2, load=4, stall=6)


def ticks_until_over(*, beats: bool, steps: bool, starting: bool = False) -> tuple[int, str]:
    patience = Patience(DEADLINES, "auto")
    for tick in range(1, 100):
        heard, step = (float(tick) if beats else 1.0), (tick if steps else 1)
        if why := patience.tick(heard, step, starting=starting):
            return tick, str(why)
    return 0, ""


def test_silence_and_standstill_have_their_bounds() -> None:
    count, why = ticks_until_over(beats=False, steps=False)
    assert (count - 1) * TICK_SECONDS == 2 and "was silent for 2 s and was stopped" in why
    count, why = ticks_until_over(beats=False, steps=False, starting=True)
    assert (count - 1) * TICK_SECONDS == 4 and "was silent for 4 s" in why
    count, why = ticks_until_over(beats=True, steps=False)
    assert (count - 1) * TICK_SECONDS == 6 and "made no progress in 6 s" in why
    assert ticks_until_over(beats=True, steps=True) == (0, "")


def test_nothing_counts_while_nobody_waits() -> None:
    patience = Patience(DEADLINES, "auto")
    for _ in range(20):
        assert patience.tick(1.0, 1, starting=False) is None
        patience.rest()
