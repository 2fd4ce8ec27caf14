"""How many tokens the models may use in a day, all of them together.

A question is asked only if its answer, at its longest, still fits; what the endpoint then counts
for both is written down before the next one. So the limit is passed by one question's own tokens at
most: what a picture costs is known only afterwards. What is written down outlives a restart.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

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

    def use_tokens(self, day: int, tokens: int) -> None: ...


class NoLedger:
    """Nowhere, for what runs once."""

    def tokens_used(self, day: int) -> int:
        """None."""
        return 0

    def use_tokens(self, day: int, tokens: int) -> None:
        """Forgotten; the budget itself keeps what could not be written down."""
        raise StateError("there is no ledger")


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
        self._reserved = 0
        self._unwritten: dict[int, int] = {}  # by day
        self._told: int | None = None  # the day on which it was said that nothing is left
        self._reason = (
            f"the {limit} tokens of [vision] daily_tokens are used up for today; it is waited for "
            f"the next day (UTC)"
        )

    def check(self, most: int) -> None:
        """EndpointError, with the time until the next day, if an answer of so many tokens does not
        fit any more."""
        with self._lock:
            self._check(most)

    def used_up(self) -> str:
        """What was refused today for want of tokens, for a person to read; empty if nothing was."""
        with self._lock:
            today = int(self._clock.now() // DAY_SECONDS)
            return self._reason if self._told == today else ""

    @contextmanager
    def spending(self, most: int) -> Iterator[Spending]:
        """One question, whose answer has ``most`` tokens at most. EndpointError as of ``check``."""
        with self._lock:
            self._check(most)
            self._reserved += most
        spending = Spending()
        try:
            yield spending
        finally:
            with self._lock:
                self._reserved -= most
                if self._limit and spending.tokens:  # without one nobody would ask
                    self._write_down(spending.tokens)

    def _check(self, most: int) -> None:
        if not self._limit:
            return
        now = self._clock.now()
        day = int(now // DAY_SECONDS)
        used = self._unwritten.get(day, 0) + self._reserved
        try:
            used += self._ledger.tokens_used(day)
        except StateError as error:
            # Not known is not nothing.
            raise EndpointError(
                f"what was used of [vision] daily_tokens is not known: {error}"
            ) from None
        # A limit below one answer's length is still good for one answer.
        if used + min(most, self._limit) <= self._limit:
            return
        if self._told != day:
            log.warning("%s", self._reason)
            self._told = day
        left = (day + 1) * DAY_SECONDS - now
        self._refused(self._limit, self._reason, left)
        raise EndpointError(self._reason, retry_after=left)

    def _write_down(self, tokens: int) -> None:
        day = int(self._clock.now() // DAY_SECONDS)
        self._unwritten[day] = self._unwritten.get(day, 0) + tokens
        with suppress(StateError):
            for past, count in list(self._unwritten.items()):
                self._ledger.use_tokens(past, count)
                del self._unwritten[past]


def estimated(characters: int, pictures: int, most: int) -> int:
    """What a question and its answer are taken for where the endpoint counts nothing."""
    return characters // CHARACTERS_PER_TOKEN + pictures * PICTURE_TOKENS + most


UNLIMITED = DailyBudget(0, NoLedger())
