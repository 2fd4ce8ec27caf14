"""What became of an attachment between the making of its text and the moment to send it."""

from alternator.bot.other_bot import OtherBot
from alternator.mastodon.entities import Attachment
from alternator.mastodon.plain import says
from alternator.store.outcomes import Outcome, left_alone


def settled(
    attachment: Attachment | None, key: str, text: str, other_bot: OtherBot
) -> Outcome | None:
    """What is to be said of it without sending its text; None if that is to be sent.

    ``attachment`` is as the server tells it now, None if the post has it no more.
    """
    if attachment is None:
        return left_alone(key, "it was removed from the post meanwhile", sure=False)
    if attachment.lacks_description:
        return None
    if says(attachment.description, text):
        # One of ours whose answer was lost.
        return Outcome(attachment_id=key, state="described", earlier=True)
    other_bot.met(attachment)
    return left_alone(key, "it was described by somebody meanwhile", sure=False)
