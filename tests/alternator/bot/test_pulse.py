from clock import Clock

from alternator.bot.pulse import Pulse


def test_there_is_no_silence_but_of_work(clock: Clock):
    pulse = Pulse(clock)
    clock.now += 3600
    assert pulse.silence == 0
    pulse.beat()
    clock.now += 60
    assert pulse.silence == 60
    pulse.beat()
    assert pulse.silence == 0
    clock.now += 60
    pulse.end()
    assert pulse.silence == 0
