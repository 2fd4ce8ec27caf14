"""What an edit makes of a status, by the dialect that the server speaks."""

from dataclasses import replace

from sandbox.dialects import Dialect
from sandbox.errors import RefusedError
from sandbox.model.records import Attachment, Status
from sandbox.model.status_params import EditParams, MediaAttributes
from sandbox.model.uploads import describe
from sandbox.settings import NO_LIMIT, Settings

# What an edit sets without a policy where it resets it: the accounts' default here.
DEFAULT_QUOTE_POLICY = "public"


def edited(before: Status, params: EditParams, settings: Settings) -> Status:
    """The status as an edit has it, but for its media and its poll."""
    dialect = settings.dialect
    words, warning = params.text, params.spoiler_text
    spoiler_text = warning
    if not words and dialect.false_beside_warning == "true":
        # As Mastodon has it: the warning becomes the text, and the old one stays.
        words, warning, spoiler_text = warning, "", before.spoiler_text
    sensitive = params.sensitive
    if sensitive is None:
        sensitive = dialect.false_beside_warning == "true" and bool(warning)
    language = params.language or settings.default_language
    policy = params.quote_policy
    if policy is None:
        policy = before.quote_policy if dialect.quote_policy != "reset" else DEFAULT_QUOTE_POLICY
    return replace(
        before,
        text=words,
        spoiler_text=spoiler_text,
        sensitive=sensitive,
        language="en" if dialect.language_after == "en" else language,
        visibility="public" if dialect.visibility_after == "public" else before.visibility,
        quote_policy=policy,
    )


def check_media(params: EditParams, usable: list[Attachment], dialect: Dialect) -> None:
    """Refuse media that the status can't have, where the server does."""
    found = {attachment.id for attachment in usable}
    foreign = [media_id for media_id in params.media_ids if media_id not in found]
    if dialect.foreign_media == "422" and foreign:
        names = ", ".join(foreign)
        raise RefusedError(422, f"Media {names} not found or already attached to another post")
    if dialect.foreign_media == "400":
        foreign += [media_id for media_id in params.media_attributes if media_id not in found]
        if foreign:
            raise RefusedError(400, f"Bad Request: media not found: {foreign[0]}")


def described_by(
    params: EditParams, usable: list[Attachment], settings: Settings
) -> list[Attachment]:
    """The attachments with an edit's ``media_attributes``; ids that it does not have are no matter.

    Raises:
        RefusedError: 422 for a description over the limit, where edits keep to it.
    """
    dialect = settings.dialect
    if not dialect.takes_media_attributes:
        return usable
    limit = settings.description_limit if dialect.limit_holds_in_edits else NO_LIMIT
    described = []
    for attachment in usable:
        attributes = params.media_attributes.get(attachment.id)
        if attributes is not None and dialect.left_out_description == "goes":
            attributes = replace(attributes, describes=True)
        described.append(describe(attachment, attributes or MediaAttributes(), limit))
    return described
