"""Asks authors about their drafts by direct message, and hears what they answer.

In turns, by the main thread: few requests at a time, since they count towards the limit that
reading posts has. An answer that the stream or a look through the posts brings is heard at once;
favourites, and the answers to a second account, in turn.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from alternator.bot.messenger import Messenger
from alternator.bot.posted_words import inactive
from alternator.bot.verdict import Verdict, verdict_of, vocabulary
from alternator.config.conduct import ReviewSettings
from alternator.errors import EditRefusedError, ForbiddenError, GoneError, TakenBackError
from alternator.mastodon.entities import Status
from alternator.store.drafts import DraftError, Drafts, KeptDraft, place_of

log = logging.getLogger(__name__)

SENT_AT_ONCE = 3
LOOKED_AT_ONCE = 5
MOST_HEARD = 1000
MOST_PARTS = 3  # of a message that are looked at for a favourite
DAY_SECONDS = 24 * 3600.0


class Review:
    """The drafts of one account and their author. ``heard`` is for any thread, the rest for one.

    ``limit`` is the server's for descriptions, in characters; ``now`` gives Unix time in seconds.
    """

    # size: each comes from another owner: state, session, operator, server, clock.
    def __init__(
        self,
        drafts: Drafts,
        messenger: Messenger,
        settings: ReviewSettings,
        *,
        limit: int,
        now: Callable[[], float],
    ) -> None:
        self._drafts = drafts
        self._messenger = messenger
        self._settings = settings
        self._limit = limit
        self._now = now
        self._vocabulary = vocabulary(settings.approve_words, settings.refuse_words)
        self._lock = threading.Lock()  # guards the two below
        # Answers that were seen: the newest page brings them again at each look.
        self._seen: dict[str, None] = {}
        self._answered: dict[str, None] = {}  # posts with answers that are not taken in yet
        self._last = 0  # the number of the draft that was looked at last
        self.is_due = False  # an answer may be there

    def heard(self, status: Status) -> None:
        """A post of the account was seen: it may be an answer to a message."""
        parent = status.in_reply_to_id
        if parent is None or status.attachments:
            return
        with self._lock:
            if status.id in self._seen:
                return
            for kept, key in ((self._seen, status.id), (self._answered, parent)):
                kept[key] = None
                if len(kept) > MOST_HEARD:
                    del kept[next(iter(kept))]
        self.is_due = True

    def step(self, *, everything: bool = False) -> None:
        """Send and hear what there is, ``everything`` or a little of it. ServerError, StateError.

        What fails is done by a later step.
        """
        self.is_due = False
        waiting = [one for one in self._drafts.listed(kind="review") if not self._expired(one)]
        asked = [draft for draft in waiting if draft.messages]
        for draft in asked if everything else self._turn(asked):
            self._hear(draft)
            with self._lock:  # not before: what fails is heard by a later step
                for message in draft.messages:
                    self._answered.pop(message, None)
        if self._settings.message:
            unasked = [draft for draft in waiting if not draft.messages]
            for draft in unasked if everything else unasked[:SENT_AT_ONCE]:
                self._ask(draft)

    def _turn(self, asked: list[KeptDraft]) -> list[KeptDraft]:
        """Those that were answered, and some of the others, each in its turn."""
        with self._lock:
            answered = set(self._answered)
        now = [draft for draft in asked if answered & set(draft.messages)]
        others = [draft for draft in asked if draft not in now]
        rest = [draft for draft in others if draft.number > self._last]
        turn = (rest or others)[:LOOKED_AT_ONCE]
        if turn:
            self._last = turn[-1].number
        return [*now, *turn]

    def _expired(self, draft: KeptDraft) -> bool:
        days = self._settings.keep_days
        if not days or self._now() - draft.made < days * DAY_SECONDS:
            return False
        self._drafts.drop(draft.number, f"nobody decided about it within {days} days")
        log.info("draft %d is dropped: nobody decided about it", draft.number)
        return True

    def _ask(self, draft: KeptDraft) -> None:
        key = f"draft {draft.number} {draft.made}"
        try:
            messages = self._messenger.send(message_of(draft, self._settings), key)
        except TakenBackError:
            with suppress(DraftError):  # somebody has decided meanwhile
                self._drafts.refuse(draft.number, "its author said no")
            return
        self._drafts.asked(draft.number, messages)
        log.info("the author of post %s was asked about draft %d", draft.status_id, draft.number)

    def _hear(self, draft: KeptDraft) -> None:
        """Take the answers to a draft in, oldest first, each once."""
        try:
            for answer in self._messenger.answers(draft.messages):
                verdict = verdict_of(answer.words, self._vocabulary)
                if self._decided(draft, verdict, below=answer.id):
                    return
                # Only now: what it says would be lost with a process that ends before.
                draft = self._noted(draft, answer.id)
            if self._settings.favourite and self._messenger.is_favourite(
                draft.messages[:MOST_PARTS]
            ):
                self._decided(draft, Verdict(approved=True))
        except GoneError:
            # Whoever deletes the question has answered it.
            self._decided(draft, Verdict(approved=False))

    def _noted(self, draft: KeptDraft, answer_id: str) -> KeptDraft:
        """An answer is not heard again."""
        said = self._drafts.get(draft.number).messages
        self._drafts.asked(draft.number, (*said, answer_id))
        return self._drafts.get(draft.number)

    def _decided(self, draft: KeptDraft, verdict: Verdict, *, below: str | None = None) -> bool:
        """Do what a verdict says; whether the draft is decided about.

        What can't be done is said ``below`` a post; None: below the question.
        """
        try:
            if verdict.approved is False:
                self._drafts.refuse(draft.number, "its author said no")
                log.info("draft %d of post %s was refused", draft.number, draft.status_id)
                return True
            texts = {place_of(draft, place): text for place, text in verdict.texts.items()}
            longest = max((len(text) for text in texts.values() if text), default=0)
            if longest > self._limit:
                raise DraftError(
                    f"that description has {longest} characters, and this server takes "
                    f"{self._limit}"
                )
            if verdict.says_nothing:
                raise DraftError("that was not understood")
            draft = self._drafts.rewrite(draft.number, texts)
            if verdict.approved or (draft.texts.keys() <= texts.keys()):
                return self._approved(draft)
        except DraftError as error:
            self._complain(draft, error, below or draft.messages[-1])
        return False

    def _approved(self, draft: KeptDraft) -> bool:
        if not draft.texts:
            self._drafts.refuse(draft.number, "its author took all texts out")
            return True
        self._drafts.approve(draft.number)
        log.info("draft %d of post %s was approved", draft.number, draft.status_id)
        return True

    def _complain(self, draft: KeptDraft, error: DraftError, below: str) -> None:
        """Answer what can't be done."""
        log.info("draft %d: an answer is passed over: %s", draft.number, error)
        if self._drafts.get(draft.number).state != "waiting":
            return
        text = f"Draft {draft.number}: {error}. {how_to_answer(self._settings)}"
        try:
            sent = self._messenger.send(text, f"complaint {draft.number} {below}", below=below)
        except (EditRefusedError, ForbiddenError, GoneError, TakenBackError) as refused:
            log.warning("draft %d: that could not be said: %s", draft.number, refused)
            return
        self._drafts.asked(draft.number, (*draft.messages, *sent))


def message_of(draft: KeptDraft, settings: ReviewSettings) -> str:
    """The message that asks an author about a draft."""
    where = f" {draft.url}" if draft.url else f" {draft.status_id}"
    note = f" ({draft.note})" if draft.note else ""
    texts = "\n\n".join(f"{place}: {inactive(text)}" for place, text in draft.words.items())
    return (
        f"Draft {draft.number} for your post{where}{note}\n\n{texts}\n\n{how_to_answer(settings)}"
    )


def how_to_answer(settings: ReviewSettings) -> str:
    """What an author can do."""
    yes, no = (next(iter(words), None) for words in (settings.approve_words, settings.refuse_words))
    ways = [f'"{yes}" to have it written into the post' if yes else ""]
    ways += [f'"{no}" to leave it' if no else "", '"1: other words" to change a text']
    also = " A favourite means yes." if settings.favourite else ""
    return f"Reply {', '.join(way for way in ways if way)}.{also}"
