import threading
import time

from fast_clock import FastClock

from alternator.clock import SYSTEM_CLOCK


def test_it_tells_this_machines_time():
    before = time.time()
    assert before <= SYSTEM_CLOCK.now() <= time.time()
    first = SYSTEM_CLOCK.monotonic()
    assert SYSTEM_CLOCK.monotonic() >= first


def test_a_wait_ends_with_the_event_or_with_the_time():
    event = threading.Event()
    assert not SYSTEM_CLOCK.wait(event, -1.0)
    event.set()
    assert SYSTEM_CLOCK.wait(event, 3600.0)


def test_a_time_of_a_tests_own_goes_for_all_of_it():
    clock = FastClock(speed=100_000.0)
    started, now = clock.monotonic(), clock.now()
    assert not clock.wait(threading.Event(), 3600.0)
    assert clock.monotonic() - started >= 3600.0
    assert clock.now() - now >= 3600.0
