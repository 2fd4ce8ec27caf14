import pytest
from statuses import attachment

from alternator.bot.other_bot import OtherBot
from alternator.bot.settled import settled
from alternator.mastodon.entities import Attachment
from alternator.progress import SILENT
from alternator.store.outcomes import Outcome, left_alone


@pytest.mark.parametrize(
    ("there", "outcome"),
    [
        (attachment(1), None),
        (attachment(1, description="  "), None),
        (
            attachment(1, description="A  house\n"),
            Outcome(attachment_id="1", state="described", earlier=True),
        ),
        (
            attachment(1, description="Mine"),
            left_alone("1", "it was described by somebody meanwhile", sure=False),
        ),
        (None, left_alone("1", "it was removed from the post meanwhile", sure=False)),
    ],
)
def test_what_became_of_an_attachment_meanwhile(
    there: Attachment | None, outcome: Outcome | None
) -> None:
    other_bot = OtherBot(SILENT, lambda: 0.0)
    assert settled(there, "1", "A house", other_bot) == outcome
