"""Tells a person of trouble by direct message, once a day for each kind, restarts included."""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Literal

from alternator.bot.messenger import Messenger
from alternator.config.settings import BalanceSettings
from alternator.errors import EndpointError, TakenBackError
from alternator.speech.worker.slot import WorkerReport
from alternator.store.ledger import Ledger

log = logging.getLogger(__name__)

Trouble = Literal["budget", "credit", "gpu", "token"]
# A little less than a day, so that what is looked at daily is not one day late each time.
A_DAY_SECONDS = 24 * 3600.0 - 600.0
LOOKED = "credit looked at"
# The devices that are no GPU: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device
CPU = "cpu"


class Teller:
    """Sends what there is to say about ``about``; ``messenger`` is None where nobody can."""

    def __init__(
        self, ledger: Ledger, messenger: Messenger | None, about: Iterable[str], to: str | None
    ) -> None:
        self._ledger = ledger
        self._messenger = messenger
        self._about = frozenset(about)
        self._to = to

    def tell(self, kind: Trouble, text: str) -> None:
        """Log it, and send it if that is wanted; both at most once a day.

        ServerError if it can't be sent now; it is sent when it is told again, also by who was
        started meanwhile.
        """
        is_new = self._ledger.tell(kind, apart=A_DAY_SECONDS)
        if is_new:
            log.warning("%s", text)
        if kind not in self._about or self._messenger is None:
            return
        if kind == "token" and not self._messenger.is_other:
            return  # it would be sent with that very token
        key = f"{kind} {self._ledger.last_told(kind)}"
        if not is_new and self._messenger.is_sent(key):
            return
        with suppress(TakenBackError):
            self._messenger.send(text, key, to=self._to)
        log.info("that was sent as a direct message")


class CreditWatch:
    """Looks once a day, at a set time of the day, how much money is left.

    ``left`` asks the endpoint: ``alternator.alt_text.credit.money_left``.
    """

    is_due = False

    # size: operator, state, teller, endpoint, clock.
    def __init__(
        self,
        settings: BalanceSettings,
        ledger: Ledger,
        teller: Teller,
        *,
        left: Callable[[], float | None],
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._teller = teller
        self._left = left
        self._now = now

    def step(self, *, everything: bool = False) -> None:
        """Look, if the time has come since the last look."""
        if not self._settings.enabled or not self._is_time():
            return
        try:
            left = self._left()
        except EndpointError as error:
            log.warning("%s; tried again later", error)
            return
        self._ledger.tell(LOOKED, apart=0.0)
        if left is None:
            log.info("the endpoint does not report what money is left")
        elif left < self._settings.threshold:
            self._teller.tell(
                "credit",
                f"{left:.2f} USD are left at the vision endpoint, less than the "
                f"{self._settings.threshold:g} of [balance] threshold",
            )
        else:
            log.info("%.2f USD are left at the vision endpoint", left)

    def _is_time(self) -> bool:
        """Whether the day's moment lies between the last look and now."""
        now = datetime.fromtimestamp(self._now()).astimezone()
        hour, minute = map(int, self._settings.check_time.split(":"))
        moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        looked = self._ledger.last_told(LOOKED)
        return now >= moment and (looked is None or looked < moment.timestamp())


class BudgetWatch:
    """Notices that a budget of the operator's own is used up: ``used_up`` says so, each of one."""

    is_due = False

    def __init__(self, used_up: Sequence[Callable[[], str]], teller: Teller) -> None:
        self._used_up = used_up
        self._teller = teller

    def step(self, *, everything: bool = False) -> None:
        """Look at all of them."""
        if reasons := [reason for ask in self._used_up if (reason := ask())]:
            self._teller.tell("budget", "; ".join(reasons))


class LostGpu:
    """Notices that speech was computed on a GPU and is not any more. For any thread."""

    def __init__(self, workers: Callable[[], Sequence[WorkerReport]]) -> None:
        self._workers = workers
        self._had_gpu = False

    def __call__(self) -> str:
        """That the GPU is lost and why, in words; empty while it is not."""
        loaded = [one for one in self._workers() if one.state in ("ready", "busy")]
        if any(not one.device.startswith(CPU) for one in loaded):
            self._had_gpu = True
        elif loaded and self._had_gpu:
            whys = "; ".join(dict.fromkeys(one.why for one in loaded if one.why))
            return "speech is computed on the CPU now, no longer on the GPU" + (
                f": {whys}" if whys else ""
            )
        return ""


class GpuWatch:
    """Tells of a GPU that is lost: ``lost`` says so."""

    is_due = False

    def __init__(self, lost: Callable[[], str], teller: Teller) -> None:
        self._lost = lost
        self._teller = teller

    def step(self, *, everything: bool = False) -> None:
        """Look whether one is."""
        if reason := self._lost():
            self._teller.tell("gpu", reason)


class TokenWatch:
    """Notices that the account's token is refused, which only a second account can tell."""

    is_due = False

    def __init__(self, is_refused: Callable[[], bool], name: str, teller: Teller) -> None:
        self._is_refused = is_refused
        self._name = name
        self._teller = teller

    def step(self, *, everything: bool = False) -> None:
        """Look at what the server says of the token."""
        if self._is_refused():
            self._teller.tell(
                "token",
                f"the server refuses the token of {self._name}: nothing is described until there "
                f"is a new one in [mastodon] access_token",
            )
