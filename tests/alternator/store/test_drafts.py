"""Drafts: what every home of the store must do with them."""

import pytest
from clock import Clock

from alternator.store.drafts import DraftError, KeptDraft, NewDraft, place_of
from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import Claim, Found, Outcome, left_alone


@pytest.fixture
def state(store: Store) -> AccountState:
    return store.use_account("https://social.example", "7")


def claimed(state: AccountState) -> Claim:
    claim = state.claim()
    assert claim is not None
    return claim


def drafted(state: AccountState, *, kind: str = "review", audience: str = "public") -> KeptDraft:
    """A draft for both attachments of post 5, as the bot makes one."""
    state.record([Found(status_id="5", attachment_ids=("51", "52"), backfill=False)])
    claim = claimed(state)
    new = NewDraft(
        status_id="5",
        kind="review" if kind == "review" else "dry-run",
        audience=audience,
        basis="as it was",
        texts={"51": "A house", "52": "A tree"},
        numbers={"51": 1, "52": 3},
    )
    draft = state.drafts.keep(new)
    state.finish(claim, [left_alone(key, "a draft waits") for key in claim.attachment_ids])
    return draft


def test_a_draft_is_kept_with_its_texts_and_places(state: AccountState):
    draft = drafted(state)
    assert state.drafts.get(draft.number) == draft
    assert state.drafts.listed() == (draft,)
    assert draft.words == {1: "A house", 3: "A tree"}
    assert place_of(draft, 3) == "52"
    with pytest.raises(DraftError, match="has no attachment 2; it has 1, 3"):
        place_of(draft, 2)
    assert state.claim() is None


def test_an_approved_draft_makes_its_post_due_and_is_applied_with_it(state: AccountState):
    draft = drafted(state)
    assert state.drafts.approve(draft.number, {"52": "An oak"}).texts["52"] == "An oak"
    assert state.drafts.listed() == ()
    found = state.drafts.approved_of("5")
    assert found is not None and found.texts == {"51": "A house", "52": "An oak"}
    claim = claimed(state)
    assert set(claim.attachment_ids) == {"51", "52"}
    state.finish(claim, [Outcome(attachment_id="51", state="described")])
    state.drafts.settle("5")
    assert state.drafts.get(draft.number).state == "approved"  # one of them is still at work
    state.finish(claim, [left_alone("52", "it was described by somebody meanwhile")])
    state.drafts.settle("5")
    assert state.drafts.get(draft.number).state == "applied"


def test_what_no_edit_came_of_is_dropped_with_the_reason(state: AccountState):
    draft = drafted(state)
    state.drafts.approve(draft.number)
    claim = claimed(state)
    state.finish(claim, [left_alone(key, "the post was deleted") for key in ("51", "52")])
    state.drafts.settle("5")
    done = state.drafts.get(draft.number)
    assert (done.state, done.reason) == ("dropped", "the post was deleted")


def test_a_draft_is_decided_about_once(state: AccountState):
    draft = drafted(state)
    state.drafts.approve(draft.number)
    for decide in (state.drafts.approve, state.drafts.refuse):
        with pytest.raises(DraftError, match=f"draft {draft.number} was approved before"):
            decide(draft.number)
    with pytest.raises(DraftError, match="was approved before"):
        state.drafts.rewrite(draft.number, {"51": "Another"})
    with pytest.raises(DraftError, match="there is no draft 99"):
        state.drafts.approve(99)


def test_a_refused_draft_leaves_its_post_alone(state: AccountState):
    draft = drafted(state)
    assert state.drafts.refuse(draft.number, "its author said no").state == "refused"
    assert state.claim() is None
    with pytest.raises(DraftError, match=r"was refused before \(its author said no\)"):
        state.drafts.approve(draft.number)


def test_texts_can_be_changed_and_taken_out_while_it_waits(state: AccountState):
    number = drafted(state).number
    assert state.drafts.rewrite(number, {"51": " A barn ", "52": None}).texts == {"51": "A barn"}
    assert state.drafts.rewrite(number, {"52": "A tree again"}).words == {
        1: "A barn",
        3: "A tree again",
    }
    with pytest.raises(DraftError, match="can't be empty"):
        state.drafts.rewrite(number, {"51": " "})
    with pytest.raises(DraftError, match="has no attachment 77"):
        state.drafts.rewrite(number, {"77": "Nothing of it"})
    state.drafts.rewrite(number, {"51": None, "52": None})
    with pytest.raises(DraftError, match="has no text left"):
        state.drafts.approve(number)
    assert state.drafts.get(number).state == "waiting"


def test_a_try_that_was_cut_short_finds_its_draft_kept(state: AccountState):
    """Its author may have been asked about it. One that a person asks for is another one."""
    state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])

    def kept(text: str) -> KeptDraft:
        return state.drafts.keep(
            NewDraft(
                status_id="5",
                kind="review",
                audience="public",
                basis="as it was",
                texts={"51": text},
                numbers={"51": 1},
            )
        )

    claimed(state)
    first = kept("A house")
    claim = state.claim_of("5")  # whoever comes next
    assert claim is not None
    assert kept("A barn") == first
    state.finish(claim, [left_alone("51", "a draft waits")])
    assert state.listing.retry("5", "51")
    claimed(state)
    assert kept("A barn").number != first.number
    assert state.drafts.get(first.number).state == "dropped"


def test_a_newer_draft_for_the_same_attachment_drops_the_older(state: AccountState):
    old = drafted(state)
    new = NewDraft(
        status_id="5",
        kind="review",
        audience="public",
        basis="",
        texts={"52": "Anew"},
        numbers={"52": 3},
    )
    kept = state.drafts.keep(new)
    assert [draft.number for draft in state.drafts.listed()] == [kept.number]
    assert state.drafts.get(old.number).reason == "a newer draft took its place"


@pytest.mark.parametrize(("review", "state_after"), [(True, "waiting"), (False, "approved")])
def test_the_drafts_of_a_dry_run_are_taken_up_when_it_is_over(
    state: AccountState, review: bool, state_after: str
):
    draft = drafted(state, kind="dry-run", audience="unlisted")
    with pytest.raises(DraftError, match="of a dry run, in which nothing is edited"):
        state.drafts.approve(draft.number)
    for others in ((), ("public",)):
        assert state.drafts.end_dry_runs(others, review=review) == 0
    assert state.drafts.listed(()) == ()
    assert state.drafts.end_dry_runs(("public", "unlisted"), review=review) == 1
    taken = state.drafts.get(draft.number)
    assert (taken.kind, taken.state) == ("review", state_after)
    assert (state.claim() is None) == review


def test_a_draft_of_a_dry_run_waits_from_its_end_on(state: AccountState, clock: Clock):
    draft = drafted(state, kind="dry-run")
    clock.now += 30 * 86400
    state.drafts.end_dry_runs(("public",), review=True)
    assert state.drafts.get(draft.number).made == clock.now


def test_an_approval_takes_up_what_was_given_up(state: AccountState, clock: Clock):
    draft = drafted(state)
    assert state.listing.retry("5") == 2
    while (claim := state.claim()) is not None:
        failures = [Outcome(attachment_id=key, state="failed") for key in claim.attachment_ids]
        state.finish(claim, failures)
        clock.now += 86400
    assert state.counts() == {"failed": 2}
    state.drafts.approve(draft.number)
    assert set(claimed(state).attachment_ids) == {"51", "52"}


def test_what_became_of_an_attachment_otherwise_goes_before_a_draft(state: AccountState):
    draft = drafted(state)
    state.drafts.approve(draft.number)
    claim = claimed(state)
    state.finish(claim, [Outcome(attachment_id=key, state="described") for key in ("51", "52")])
    state.drafts.drop(draft.number, "tried out")
    assert state.drafts.get(draft.number).state == "dropped"
    assert state.claim() is None


def test_drafts_of_other_accounts_are_not_seen(store: Store, state: AccountState, clock: Clock):
    number = drafted(state).number
    other = store.use_account("https://social.example", "8")
    assert other.drafts.listed() == ()
    with pytest.raises(DraftError, match=f"there is no draft {number}"):
        other.drafts.approve(number)


def test_messages_are_remembered(state: AccountState):
    number = drafted(state).number
    state.drafts.asked(number, ["901", "902"])
    assert state.drafts.get(number).messages == ("901", "902")
