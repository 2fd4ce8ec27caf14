"""``state.json``: nothing is lost on its way there and back."""

import json

import pytest

from sandbox.model.records import DEMO_ACCOUNT, Attachment, Poll, Revision, Status
from sandbox.model.state_file import STATE_FILE, State, read_state, write_state

POLL = Poll(id="3", options=("a", "b"), expires_at=9.5, multiple=True, hide_totals=False)
REVISION = Revision(
    created_at=1.0,
    text="old",
    spoiler_text="",
    sensitive=False,
    attachments=(("2", None), ("4", "words")),
    poll_options=("a",),
)
STATUS = Status(
    id="1",
    account_id=DEMO_ACCOUNT.id,
    created_at=1.0,
    text="ü",
    visibility="private",
    language="de",
    media_ids=("2",),
    poll=POLL,
    edited_at=2.0,
    revisions=(REVISION,),
)
ATTACHMENT = Attachment(
    id="2",
    account_id=DEMO_ACCOUNT.id,
    type="image",
    file="2.png",
    preview=None,
    meta={"original": {"width": 4, "height": 3, "size": "4x3", "aspect": 4 / 3}},
    ready_at=0.0,
    focus=(0.0, 1.0),
    status_id="1",
)
STATE = State(statuses=[STATUS], attachments=[ATTACHMENT], idempotency_keys={"k": "1"}, last_id=5)


def test_a_state_comes_back_as_it_was(tmp_path):
    write_state(tmp_path, STATE)
    assert read_state(tmp_path) == STATE
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]


def test_without_a_file_there_is_no_state(tmp_path):
    assert read_state(tmp_path) is None


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"statuses": 5}', "null"])
def test_a_file_that_is_no_state_is_an_error(tmp_path, content):
    (tmp_path / STATE_FILE).write_text(content, encoding="utf-8")
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_state(tmp_path)


def test_pairs_and_lists_are_plain_json(tmp_path):
    write_state(tmp_path, STATE)
    stored = json.loads((tmp_path / STATE_FILE).read_text(encoding="utf-8"))
    assert stored["attachments"][0]["focus"] == [0.0, 1.0]
    assert stored["statuses"][0]["revisions"][0]["attachments"] == [["2", None], ["4", "words"]]
