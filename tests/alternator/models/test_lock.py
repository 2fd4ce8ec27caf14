"""One holder at a time, whoever removes what."""

import threading
from pathlib import Path

from waiting import wait_for

from alternator.models.lock import held, is_held, lock_of
from alternator.progress import SILENT, Progress


class Listener(Progress):
    def __init__(self) -> None:
        self.sizes: list[float] = []

    def pause(self, seconds: float) -> None:
        super().pause(0.01)

    def advanced(self, done: float, total: float) -> None:
        self.sizes.append(done)


def test_who_comes_second_waits_and_sees_how_far_it_is(tmp_path: Path) -> None:
    target, part = tmp_path / "base.pt", tmp_path / "base.pt.part"
    part.write_bytes(b"12345")
    heard, results = Listener(), []

    def second() -> None:
        with held(target, part, 10, heard) as waited:
            results.append(waited)

    with held(target, part, 10, SILENT) as waited:
        assert not waited
        assert is_held(target)
        thread = threading.Thread(target=second)
        thread.start()
        wait_for(lambda: 5 in heard.sizes)
        assert results == []
    thread.join(30)
    assert results == [True]
    assert not is_held(target)
    assert not lock_of(target).exists()


def test_the_file_goes_after_an_error_too(tmp_path: Path) -> None:
    target = tmp_path / "base.pt"
    try:
        with held(target, target, 1, SILENT):
            raise KeyError
    except KeyError:
        pass
    assert list(tmp_path.iterdir()) == []
