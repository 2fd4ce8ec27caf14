"""How an account is dealt with, put together: which posts, in which mode, how fast, who is asked.

What the sections ``[modes]``, ``[review]``, ``[opt_out]``, ``[pace]``, ``[messages]`` and
``[balance]`` say becomes the parts that the bot works with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from alternator.accounts import scopes
from alternator.accounts.account import Account
from alternator.alt_text.credit import money_left
from alternator.bot.by_mode import ModeDescriber
from alternator.bot.chores import Chores, Turn
from alternator.bot.describe import Describer
from alternator.bot.find_posts import nobody_listens
from alternator.bot.messenger import Messenger
from alternator.bot.modes import Modes
from alternator.bot.others.parts import Others, others_of
from alternator.bot.outbox import Outbox
from alternator.bot.pace import Pace
from alternator.bot.reply import Replier
from alternator.bot.review import Review
from alternator.bot.telling import BudgetWatch, CreditWatch, GpuWatch, Teller, TokenWatch, Trouble
from alternator.bot.wanted import Wanted
from alternator.config.conduct import PaceSettings
from alternator.config.settings import Config
from alternator.errors import ServerError, TemporaryServerError
from alternator.log import log
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.progress import Progress
from alternator.speech.worker.slot import WorkerReport

REVIEW_SECONDS = 30.0
LOOK_SECONDS = 60.0
HEARING_SECONDS = 30.0  # where the stream does not say earlier that there is something


@dataclass(frozen=True, kw_only=True)
class Conduct:
    """The parts that the rest of the bot works with. ``heard`` is told of each post seen.

    ``others`` is None where nobody else may ask for anything.
    """

    wanted: Wanted
    pace: Pace
    chores: Chores
    heard: Callable[[Status], None] = nobody_listens
    others: Others | None = None


def modes_of(config: Config) -> Modes:
    """The mode for each audience."""
    return Modes(config.mastodon.mode, config.modes)


def wanted_of(config: Config) -> Wanted:
    """Which posts are described."""
    return Wanted(config.mastodon.visibilities, config.opt_out, modes_of(config))


def usual_conduct(account: Account, progress: Progress) -> Conduct:
    """As it is where nothing is configured."""
    return Conduct(
        wanted=Wanted(account.settings.visibilities),
        pace=Pace(PaceSettings(), account.state.ledger),
        chores=Chores((), progress.clock),
    )


def no_workers() -> Sequence[WorkerReport]:
    """Whisper is turned off."""
    return ()


def nothing_wrong() -> str:
    """No GPU is lost, no tokens are used up: who describes would be told by it."""
    return ""


# size: operator, server, thread, and what is shared: GPUs, tokens.
def conduct_of(
    config: Config,
    account: Account,
    session: MastodonClient,
    progress: Progress,
    gpu_lost: Callable[[], str] = nothing_wrong,
    tokens_used_up: Callable[[], str] = nothing_wrong,
) -> Conduct:
    """What is configured for an account that is signed in; ``session`` is the main thread's.

    ``gpu_lost`` and ``tokens_used_up``, of the day, say in words that it is so, and nothing while
    it is not.
    ServerError if a token of it is refused, or lacks a scope.
    """
    modes, ledger, clock = modes_of(config), account.state.ledger, progress.clock
    messenger = messenger_of(config, account, session, progress)
    teller = Teller(ledger, messenger, troubles_of(config), config.messages.to)
    token = TokenWatch(lambda: account.health.report.token_refused, account.name, teller)
    credit = CreditWatch(
        config.balance, ledger, teller, left=partial(money_left, config.vision), now=clock.now
    )
    pace = Pace(config.pace, ledger)
    turns = [
        Turn(chore=token, seconds=LOOK_SECONDS),
        Turn(chore=GpuWatch(gpu_lost, teller), seconds=LOOK_SECONDS),
        Turn(chore=credit, seconds=LOOK_SECONDS),
    ]
    if config.messages.budget:  # what is used up stands in the log anyway
        watch = BudgetWatch((tokens_used_up, hour_used_up(account, pace)), teller)
        turns.append(Turn(chore=watch, seconds=LOOK_SECONDS))
    review = Review(
        account.state.drafts,
        messenger,
        config.review,
        limit=account.instance.description_limit,
        now=clock.now,
    )
    # Drafts of a mode that is not set any more still wait for their word.
    turns.insert(0, Turn(chore=review, seconds=REVIEW_SECONDS))
    take_up_dry_runs(account, modes)
    others = others_of(config, account, session, clock)
    hearing = [] if others is None else [Turn(chore=others.hearing, seconds=HEARING_SECONDS)]
    return Conduct(
        wanted=wanted_of(config),
        pace=pace,
        chores=Chores([*hearing, *turns], clock),
        heard=review.heard,
        others=others,
    )


def hour_used_up(account: Account, pace: Pace) -> Callable[[], str]:
    """What says that an hour's budget is used up: nothing while no post waits."""
    return lambda: "" if account.state.next_due() is None else pace.used_up()


def troubles_of(config: Config) -> list[Trouble]:
    """What is told by direct message."""
    about: list[Trouble] = ["credit"]
    about += ["budget"] if config.messages.budget else []
    about += ["gpu"] if config.messages.gpu else []
    about += ["token"] if config.messages.token else []
    return about


def messenger_of(
    config: Config, account: Account, session: MastodonClient, progress: Progress
) -> Messenger:
    """What sends direct messages. ServerError if a token does not suffice."""
    sender, sender_id = sender_of(config, account, session, progress)
    outgoing, limit = account.state.outgoing, account.instance.post_limit
    return Messenger(
        sender,
        account.id,
        Outbox(sender, sender_id, outgoing, limit=limit),
        to="@" + account.name.partition("@")[0],
        is_other=sender is not session,
    )


def sender_of(
    config: Config, account: Account, session: MastodonClient, progress: Progress
) -> tuple[MastodonClient, str]:
    """Whose session direct messages are sent by, and the id of that account, '' if it is not known.

    ServerError if its token does not suffice.
    """
    needed = (*account.instance.dialect.scopes, *scopes.of_others(config.others))
    scopes.check(session.scopes(), needed, "[mastodon] access_token")
    token = config.messages.access_token
    if token is None:
        return session, account.id
    sender = MastodonClient(replace(account.settings, access_token=token), progress=progress)
    try:
        other = sender.verify()
        scopes.check(sender.scopes(), scopes.NEEDED, "[messages] access_token")
    except TemporaryServerError as error:
        log.warning("the second account could not be looked at: %s", error)
        return sender, ""
    except ServerError as error:
        raise type(error)(f"[messages] access_token: {error}") from None
    return (session if other.id == account.id else sender), other.id


def take_up_dry_runs(account: Account, modes: Modes) -> None:
    """A dry run that is over leaves its drafts: to be written, or to be asked about."""
    drafts = account.state.drafts
    found = drafts.end_dry_runs(modes.audiences("edit"), review=False)
    found += drafts.end_dry_runs(modes.audiences("review"), review=True)
    if found:
        log.info("%d drafts of a dry run are taken up", found)


def by_mode(
    describer: Describer, account: Account, session: MastodonClient, conduct: Conduct
) -> ModeDescriber:
    """What describes posts in their modes, for the main thread."""
    return ModeDescriber(
        describer,
        session,
        drafts=account.state.drafts,
        wanted=conduct.wanted,
        replier=Replier(account, session),
        answerer=None if conduct.others is None else conduct.others.answerer,
    )
