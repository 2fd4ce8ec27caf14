"""What both ways of going through the posts are made of: watching, and a single pass."""

import threading
from dataclasses import dataclass

from alternator.accounts.account import Account
from alternator.bot.chores import Chores
from alternator.bot.errand_work import ErrandWork
from alternator.bot.find_posts import PostFinder
from alternator.bot.pace import Pace
from alternator.bot.progress import BotProgress
from alternator.bot.work import Work
from alternator.stopping import Stop


@dataclass(frozen=True, kw_only=True)
class Parts:
    """An account and what works for it; ``progress`` is the main thread's.

    ``wake`` is set when speech is transcribed, or a person asks for something (``errands``).
    """

    account: Account
    finder: PostFinder
    work: Work
    pace: Pace
    chores: Chores
    errands: ErrandWork
    wake: threading.Event
    progress: BotProgress
    stop: Stop
