from alternator.errors import TemporaryStateError
from alternator.website.clock import SharedClock


class Database:
    """A database with a clock of its own, which may be gone."""

    def __init__(self) -> None:
        self.at: float | None = None
        self.asked = 0

    def now(self) -> float:
        self.asked += 1
        if self.at is None:
            raise TemporaryStateError("it is gone")
        return self.at


def test_the_database_s_time_is_reckoned_on():
    database, passed = Database(), [0.0]
    clock = SharedClock(database.now, lambda: 1.0, lambda: passed[0])
    assert clock.now() == 1.0  # this machine's, until it is told
    database.at, passed[0] = 5000.0, 10.0
    assert clock.now() == 5000.0
    passed[0] = 30.0
    assert clock.now() == 5020.0 and database.asked == 2
    database.at, passed[0] = 5300.0, 75.0  # it was set
    assert clock.now() == 5300.0
    database.at, passed[0] = None, 200.0
    assert clock.now() == 5425.0
