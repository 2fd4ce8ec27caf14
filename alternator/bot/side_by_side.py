"""Several things that take long, each in a thread of its own, for whoever waits for all of them."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from alternator.log import Thread

T = TypeVar("T")


def side_by_side(tasks: Sequence[Callable[[], T]], most: int) -> list["Future[T]"]:
    """Do all tasks, at most so many at a time, and return when the last one is done.

    Each future has what its task returned or raised. The threads are daemons: one that hangs ends
    with the process.
    """
    futures: list[Future[T]] = [Future() for _ in tasks]
    todo = iter(zip(tasks, futures, strict=True))
    turn = threading.Lock()

    def work() -> None:
        while True:
            with turn:
                task, future = next(todo, (None, None))
            if task is None or future is None:
                return
            try:
                future.set_result(task())
            except BaseException as error:  # noqa: BLE001 - raised again where it is taken
                future.set_exception(error)

    threads = [
        Thread(target=work, name=f"beside-{number}") for number in range(min(most, len(tasks)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return futures
