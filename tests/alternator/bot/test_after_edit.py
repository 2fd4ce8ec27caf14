import pytest
from statuses import attachment, status

from alternator.bot.after_edit import NOT_KEPT, outcomes_after
from alternator.errors import DamageError
from alternator.store.outcomes import Outcome, left_alone

AFTER = status(attachment(1, description="A boat"), attachment(2, description=" "))


def test_what_the_post_shows_is_described():
    assert outcomes_after(AFTER, ["1", "2", "3"], careful=False) == [
        Outcome(attachment_id="1", state="described"),
        left_alone("2", NOT_KEPT),
        left_alone("3", NOT_KEPT),
    ]


def test_an_edit_in_vain_is_the_last_one_where_nobody_knows_the_server():
    assert len(outcomes_after(AFTER, ["1", "2"], careful=True)) == 2
    with pytest.raises(DamageError, match="without its descriptions"):
        outcomes_after(AFTER, ["2"], careful=True)
