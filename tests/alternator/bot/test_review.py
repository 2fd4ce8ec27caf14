"""How often an author's answers are asked for; what they mean: test_by_mode.py."""

import pytest

from alternator.accounts.account import Account
from alternator.bot.messenger import Messenger
from alternator.bot.outbox import Outbox
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
        outbox = Outbox(self.session, account.id, account.state.outgoing, limit=500)
        messenger = Messenger(self.session, account.id, outbox, to="@demo", is_other=False)
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


class _KilledError(Exception):
    """Ends a process in the middle."""


@pytest.mark.parametrize("write", ["approve", "rewrite", "asked"])
def test_an_answer_is_not_lost_with_a_process_that_ends_while_it_is_heard(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, write: str
):
    draft = desk.account.state.drafts.listed()[-1]
    number = draft.number
    said = "1: A boat" if write == "rewrite" else "hm" if write == "asked" else "yes"
    desk.server.post(said, in_reply_to_id=draft.messages[-1], visibility="direct")
    desk.page()

    def dies(*_: object) -> None:
        raise _KilledError

    with monkeypatch.context() as patch:
        patch.setattr(type(desk.account.state.drafts), write, dies)
        with pytest.raises(_KilledError):
            desk.review.step(everything=True)
    desk.review.step(everything=True)
    found = desk.account.state.drafts.get(number)
    if write == "asked":
        complaints = [one for one in desk.server.statuses() if "not understood" in one["content"]]
        assert found.state == "waiting" and len(complaints) == 1
    else:
        assert found.state == "approved"
        wanted = "A boat" if write == "rewrite" else "A house"
        assert list(found.texts.values()) == [wanted]


def test_a_complaint_that_the_server_refuses_holds_up_no_other_answer(desk: Desk):
    first, second = desk.account.state.drafts.listed()[:2]
    desk.server.post("hm", in_reply_to_id=first.messages[-1], visibility="direct")
    desk.server.post("yes", in_reply_to_id=second.messages[-1], visibility="direct")
    desk.server.fail("/api/v1/statuses", method="POST", status=422, times=1)
    desk.review.step(everything=True)
    desk.review.step(everything=True)
    assert desk.account.state.drafts.get(second.number).state == "approved"
    assert not [one for one in desk.server.statuses() if "not understood" in one["content"]]


def test_who_deletes_half_a_question_has_answered_it(desk: Desk):
    draft = desk.draft()
    texts = dict.fromkeys(draft.texts, "A house of many words. " * 40)
    desk.account.state.drafts.rewrite(draft.number, texts)
    desk.server.fail("/api/v1/statuses", method="POST", status=503, skip=1, times=1)
    with pytest.raises(ServerError):
        desk.review.step(everything=True)
    (half,) = [one for one in desk.server.statuses() if "many words" in one["content"]]
    desk.server.delete(half["id"])
    desk.review.step(everything=True)
    assert desk.account.state.drafts.get(draft.number).state == "refused"
    assert not [one for one in desk.server.statuses() if "many words" in one["content"]]


def test_drafts_of_a_dry_run_are_no_part_of_it(desk: Desk):
    dry = desk.draft("dry-run")
    waiting = desk.account.state.drafts.listed(kind="review")
    assert len(waiting) == LOOKED_AT_ONCE + 2 and dry not in waiting
    assert desk.account.state.drafts.listed(kind="dry-run") == (dry,)
    sent = len(desk.server.requests("POST"))
    desk.review.step(everything=True)
    assert len(desk.server.requests("POST")) == sent
