"""The whole bot, its process ended by a signal at each of its steps, and started again.

At a request the server holds the answer back until the process is gone: before the request was
carried out, or after. At a write the process ends itself, before the write or after.
"""

import os
import signal

import pytest
from fault_table import Step, load
from killed_bot import Killed
from waiting import wait_for

SIGNALS = [signal.SIGKILL, signal.SIGTERM]
STEPS = [step for step in load()[0] if step.id not in ("look-beside", "later-look", "edit-answer")]
# Reading changes nothing: before and after it are one.
MOMENTS = [(step, False) for step in STEPS] + [(s, True) for s in STEPS if s.method != "GET"]
WRITES = ["admit_old", "record", "claim", "finish", "found_at", "cursors"]


@pytest.mark.table
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    ("step", "after"), MOMENTS, ids=[f"{s.id}-{'after' if a else 'before'}" for s, a in MOMENTS]
)
def test_a_signal_at_a_request(killed: Killed, step: Step, after: bool, number: int) -> None:
    killed.scene.fail(
        step.method,
        step.path,
        model=step.kind == "model",
        skip=step.skip,
        after=after,
        hang=True,
        times=1,
    )
    process = killed.start()
    wait_for(lambda: killed.world.hits, 20, "the step")
    if after and step.method == "PUT":
        wait_for(lambda: killed.world.edits(killed.scene.victim), 20, "the edit")
    os.kill(process, number)
    # Asked to end in the middle of an edit it gives the server a few seconds.
    code = killed.zygote.wait()
    assert code == (-number if number == signal.SIGKILL else 0), killed.log()
    killed.goes_on()


@pytest.mark.table
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", WRITES)
def test_a_signal_at_a_write(killed: Killed, method: str, when: str, number: int) -> None:
    killed.start(kill=int(number), method=method, when=when)
    code = killed.zygote.wait()
    assert code == (-number if number == signal.SIGKILL else 0), killed.log()
    killed.goes_on()


def test_many_signals_in_a_row(killed: Killed) -> None:
    """A machine whose power fails again and again, at the same post: not given up for that.

    It is once tries are used up and half a day has passed since the first.
    """
    for count in range(6):
        killed.start(kill=int(signal.SIGKILL), method="found_at", when="after")
        assert killed.zygote.wait() == -signal.SIGKILL, count
    killed.goes_on()
