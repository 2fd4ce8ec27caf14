import socket
import threading

from alternator.web.deadline import WATCH, Deadline


def pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    return ours, theirs


def test_the_connection_is_cut_when_the_time_is_over() -> None:
    ours, theirs = pair()
    with ours, theirs:
        deadline = Deadline(0.05)
        deadline.watch(ours)
        assert ours.recv(1) == b""  # it waited for a byte that never came
        assert deadline.struck
        assert deadline.left() == 0
        deadline.cancel()


def test_one_that_is_watched_too_late_is_cut_at_once() -> None:
    deadline = Deadline(0.0)
    ours, theirs = pair()
    with ours, theirs:
        struck = threading.Event()
        while not deadline.struck:
            struck.wait(0.001)
        deadline.watch(ours)
        assert ours.recv(1) == b""
        deadline.cancel()


def test_one_that_is_cancelled_strikes_nothing_and_lets_go() -> None:
    ours, theirs = pair()
    deadline = Deadline(60)
    deadline.watch(ours)
    deadline.cancel()
    with theirs:
        theirs.settimeout(30)
        ours.close()
        assert theirs.recv(1) == b""  # no second descriptor keeps it open
    assert not deadline.struck


def test_each_is_cut_at_its_own_time_whichever_was_made_first() -> None:
    late, early, cancelled = Deadline(60), Deadline(0.1), Deadline(0.05)
    cancelled.cancel()
    pairs = [pair() for _ in range(3)]
    for deadline, (ours, _) in zip((late, early, cancelled), pairs, strict=True):
        deadline.watch(ours)
    assert pairs[1][0].recv(1) == b""
    assert (late.struck, early.struck, cancelled.struck) == (False, True, False)
    for ours, theirs in pairs[::2]:
        theirs.send(b"x")
        assert ours.recv(1) == b"x"
    for deadline in (late, early, cancelled):
        deadline.cancel()
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_one_thread_watches_all() -> None:
    before = threading.active_count()
    deadlines = [Deadline(60 + number) for number in range(50)]
    assert threading.active_count() <= before + 1
    for deadline in deadlines:
        deadline.cancel()
    assert not WATCH._running & set(deadlines)
