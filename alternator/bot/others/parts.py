"""What an account that describes for others is made of, put together."""

from dataclasses import dataclass

from alternator.accounts.account import Account
from alternator.bot.others.answer import Answerer
from alternator.bot.others.consent import Consents
from alternator.bot.others.hear import Hearing
from alternator.bot.others.rules import OthersWanted
from alternator.bot.others.take_on import TakeOn
from alternator.bot.outbox import Outbox
from alternator.clock import Clock
from alternator.config.settings import Config
from alternator.mastodon.client import MastodonClient


@dataclass(frozen=True, kw_only=True)
class Others:
    """What hears others, and what answers them."""

    hearing: Hearing
    answerer: Answerer


def others_of(
    config: Config, account: Account, session: MastodonClient, clock: Clock
) -> Others | None:
    """For an account that is signed in, by the main thread's session; None if it is turned off."""
    settings, state = config.others, account.state
    if not settings.enabled:
        return None
    wanted = OthersWanted(state.asked, config.opt_out, settings.who)
    outbox = Outbox(session, account.id, state.outgoing, limit=account.instance.post_limit)
    consents = Consents(session, state, settings, outbox)
    take_on = TakeOn(session, state, settings, wanted=wanted, consents=consents, now=clock.now)
    answerer = Answerer(
        session, account.id, state, settings, wanted=wanted, outbox=outbox, now=clock.now
    )
    hearing = Hearing(
        account,
        session,
        settings,
        consents=consents,
        take_on=take_on,
        monotonic=clock.monotonic,
    )
    return Others(hearing=hearing, answerer=answerer)
