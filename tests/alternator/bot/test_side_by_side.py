import threading
from collections.abc import Callable

from alternator.bot.side_by_side import side_by_side
from alternator.stopping import Stopping


def test_all_are_done_so_many_at_a_time_and_each_has_its_outcome() -> None:
    together = threading.Barrier(3, timeout=10)
    lock = threading.Lock()
    running, most = 0, 0

    def task(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait()  # passed only where three are under way
        with lock:
            running -= 1
        if number == 4:
            raise Stopping
        return number * number

    tasks: list[Callable[[], int]] = [lambda n=n: task(n) for n in range(6)]  # type: ignore[misc]
    futures = side_by_side(tasks, 3)
    assert most == 3
    assert [future.result() for future in futures if not future.exception()] == [0, 1, 4, 9, 25]
    assert isinstance(futures[4].exception(), Stopping)
    assert side_by_side([], 3) == []
