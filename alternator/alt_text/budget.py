"""How many tokens the models may use in a day, all of them together.

A question is asked only if its answer, at its longest, still fits; so much is written down before
it, and corrected by what the endpoint counts for both. So the limit is passed by the questions' own
tokens at most, of those that are under way: what a picture costs is known only afterwards. What is
written down outlives a restart and holds for all processes; a question that was killed stays
counted at its longest, since nobody knows what it cost.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn, Protocol

from alternator.clock import SYSTEM_CLOCK, Clock
from alternator.errors import EndpointError, StateError

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400
# What is taken for a picture, of an endpoint that counts nothing: GPT-4o takes 1105 for one of
# 2048 x 4096, https://platform.openai.com/docs/guides/images-vision#calculating-costs
PICTURE_TOKENS = 1100
CHARACTERS_PER_TOKEN = 3  # fewer than in English: rather too many tokens than too few


# Told the limit, the reason in words, and for how many seconds that is so.
Refused = Callable[[int, str, float], None]


def nobody_is_told(limit: int, reason: str, seconds: float) -> None:
    """Nobody else is there who would want to know."""


class Ledger(Protocol):
    """Where it is written down: ``alternator.store.interface.Store``."""

    def tokens_used(self, day: int) -> int: ...

    def reserve_tokens(self, day: int, tokens: int, limit: int) -> bool: ...

    def use_tokens(self, day: int, tokens: int) -> None: ...


class LedgerInMemory:
    """For what runs once: nothing is written down."""

    def __init__(self) -> None:
        self._used: dict[int, int] = {}  # by day

    def tokens_used(self, day: int) -> int:
        """What was used on a day."""
        return self._used.get(day, 0)

    def reserve_tokens(self, day: int, tokens: int, limit: int) -> bool:
        """Add to it if it stays within the limit."""
        fits = self.tokens_used(day) + tokens <= limit
        if fits:
            self.use_tokens(day, tokens)
        return fits

    def use_tokens(self, day: int, tokens: int) -> None:
        """Add to it, or take from it."""
        self._used[day] = self.tokens_used(day) + tokens


@dataclass(kw_only=True)
class Spending:
    """One question's tokens; ``tokens`` is set when they are known."""

    tokens: int = 0


class DailyBudget:
    """``limit`` tokens a day, by UTC; 0 for no limit. Several threads may share it.

    ``refused`` is told each time that something is refused for want of tokens.
    """

    def __init__(
        self,
        limit: int,
        ledger: Ledger,
        clock: Clock = SYSTEM_CLOCK,
        refused: Refused = nobody_is_told,
    ) -> None:
        self._limit = limit
        self._refused = refused
        self._ledger = ledger
        self._clock = clock
        self._lock = threading.Lock()
        self._unwritten: dict[int, int] = {}  # by day; below 0: more is written down than was used
        self._told: int | None = None  # the day on which it was said that nothing is left
        self._reason = (
            f"the {limit} tokens of [vision] daily_tokens are used up for today; it is waited for "
            f"the next day (UTC)"
        )

    def check(self, most: int) -> None:
        """EndpointError, with the time until the next day, if an answer of so many tokens does not
        fit any more."""
        if not self._limit:
            return
        with self._lock, self._known():
            day = self._today()
            used = self._ledger.tokens_used(day) + self._unwritten.get(day, 0)
            if used + min(most, self._limit) > self._limit:
                self._refuse(day)

    def used_up(self) -> str:
        """What was refused today for want of tokens, for a person to read; empty if nothing was."""
        with self._lock:
            return self._reason if self._told == self._today() else ""

    @contextmanager
    def spending(self, most: int) -> Iterator[Spending]:
        """One question, whose answer has ``most`` tokens at most. EndpointError as of ``check``."""
        if not self._limit:
            yield Spending()
            return
        # A limit below one answer's length is still good for one answer.
        reserved = min(most, self._limit)
        with self._lock, self._known():
            day = self._today()
            left = self._limit - self._unwritten.get(day, 0)
            if not self._ledger.reserve_tokens(day, reserved, left):
                self._refuse(day)
        spending = Spending()
        try:
            yield spending
        finally:
            with self._lock:
                self._write_down(day, spending.tokens - reserved)

    def _today(self) -> int:
        return int(self._clock.now() // DAY_SECONDS)

    @contextmanager
    def _known(self) -> Iterator[None]:
        """EndpointError where the ledger can't be asked: not known is not nothing."""
        try:
            yield
        except StateError as error:
            raise EndpointError(
                f"what was used of [vision] daily_tokens is not known: {error}"
            ) from None

    def _refuse(self, day: int) -> NoReturn:
        if self._told != day:
            log.warning("%s", self._reason)
            self._told = day
        left = (day + 1) * DAY_SECONDS - self._clock.now()
        self._refused(self._limit, self._reason, left)
        raise EndpointError(self._reason, retry_after=left)

    def _write_down(self, day: int, tokens: int) -> None:
        self._unwritten[day] = self._unwritten.get(day, 0) + tokens
        with suppress(StateError):
            for past, count in list(self._unwritten.items()):
                if count:
                    self._ledger.use_tokens(past, count)
                del self._unwritten[past]


def estimated(characters: int, pictures: int, most: int) -> int:
    """What a question and its answer are taken for where the endpoint counts nothing."""
    return characters // CHARACTERS_PER_TOKEN + pictures * PICTURE_TOKENS + most


UNLIMITED = DailyBudget(0, LedgerInMemory())
