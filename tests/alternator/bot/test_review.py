"""How often an author's answers are asked for; what they mean: test_by_mode.py."""

import pytest

from alternator.accounts.account import Account
from alternator.bot.messenger import Messenger
from alternator.bot.review import LOOKED_AT_ONCE, Review
from alternator.config.conduct import ReviewSettings
from alternator.errors import ServerError
from alternator.progress import SILENT
from alternator.store.drafts import DraftKind, KeptDraft, NewDraft
from sandbox.server import SandboxServer


class Desk:
    """Drafts that wait for their author's word, and what asks and hears."""

    def __init__(self, account: Account, server: SandboxServer) -> None:
        self.server, self.account = server, account
        self.session = account.session(SILENT)
        messenger = Messenger(self.session, account.id, to="@demo", limit=500, is_other=False)
        settings = ReviewSettings(favourite=False)
        drafts = account.state.drafts
        self.review = Review(drafts, messenger, settings, limit=1500, now=lambda: 0.0)

    def draft(self, kind: DraftKind = "review") -> KeptDraft:
        number = len(self.account.state.drafts.listed()) + 1
        new = NewDraft(
            status_id=str(number),
            kind=kind,
            audience="public",
            basis="",
            texts={f"{number}1": "A house"},
            numbers={f"{number}1": 1},
        )
        return self.account.state.drafts.keep(new)

    def asked(self, draft: KeptDraft) -> int:
        """How often the answers to a draft were asked for."""
        return len(self.server.requests("GET", f"/api/v1/statuses/{draft.messages[0]}/context"))

    def page(self) -> None:
        """The newest posts come by, as at each look."""
        for status in self.session.own_statuses(self.account.id).statuses:
            self.review.heard(status)


@pytest.fixture
def desk(account: Account, server: SandboxServer) -> Desk:
    made = Desk(account, server)
    for _ in range(LOOKED_AT_ONCE + 2):
        made.draft()
    made.review.step(everything=True)
    return made


def test_an_answer_that_was_heard_is_not_asked_about_at_each_look(desk: Desk):
    draft = desk.account.state.drafts.listed()[-1]
    desk.server.post("hm", in_reply_to_id=draft.messages[-1], visibility="direct")
    desk.page()
    assert desk.review.is_due
    desk.review.step()
    desk.page()  # with the word that it was not understood, which is an answer, too
    desk.review.step()
    asked = desk.asked(draft)
    for _ in range(4):
        desk.page()
        assert not desk.review.is_due
        desk.review.step()
    # What is left is its turn: all of them have one within two steps.
    assert desk.asked(draft) == asked + 2


def test_an_answer_that_could_not_be_asked_for_is_asked_for_at_the_next_step(desk: Desk):
    draft = desk.account.state.drafts.listed()[-1]
    desk.server.post("yes", in_reply_to_id=draft.messages[-1], visibility="direct")
    desk.page()
    desk.server.fail("/api/v1/statuses/*/context", method="GET", status=422, times=1)
    with pytest.raises(ServerError):
        desk.review.step()
    desk.review.step()
    assert desk.account.state.drafts.get(draft.number).state == "approved"


def test_drafts_of_a_dry_run_are_no_part_of_it(desk: Desk):
    dry = desk.draft("dry-run")
    waiting = desk.account.state.drafts.listed(kind="review")
    assert len(waiting) == LOOKED_AT_ONCE + 2 and dry not in waiting
    assert desk.account.state.drafts.listed(kind="dry-run") == (dry,)
    sent = len(desk.server.requests("POST"))
    desk.review.step(everything=True)
    assert len(desk.server.requests("POST")) == sent
