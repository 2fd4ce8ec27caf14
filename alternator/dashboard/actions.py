"""What a person decides here. Nothing is edited by it: the bot's own thread takes it up.

Each action changes the account's state, and answers with a redirect to the page that shows it, so
that to load that page again does nothing again.
"""

from collections.abc import Callable, Mapping

from alternator.dashboard.errors import PageError
from alternator.dashboard.site import Site
from alternator.store.drafts import DraftError, KeptDraft
from alternator.store.errands import Errand, Kind

Fields = Mapping[str, str]
# A text of a draft comes in a field of this name and its attachment's id.
TEXT = "text-"


def retry(site: Site, fields: Fields, path: Mapping[str, str]) -> str:
    """Try a post, or one attachment, again."""
    number, watched = site.signed_in(fields)
    found = watched.account.state.listing.retry(path["status_id"], fields.get("attachment") or None)
    back = "/failures" if fields.get("from") == "failures" else f"/posts/{path['status_id']}"
    return address(back, number, "retried" if found else "nothing", fields)


def retry_all(site: Site, fields: Fields, path: Mapping[str, str]) -> str:
    """Try everything again that was given up."""
    number, watched = site.signed_in(fields)
    found = watched.account.state.retry_failed()
    return address("/failures", number, "retried-all" if found else "nothing")


def resume(site: Site, fields: Fields, path: Mapping[str, str]) -> str:
    """Let editing go on that was stopped because an edit did harm."""
    number, watched = site.signed_in(fields)
    was_halted = watched.account.halted is not None
    watched.account.state.resume()
    return address("/", number, "resumed" if was_halted else "nothing")


def approve(site: Site, fields: Fields, path: Mapping[str, str]) -> str:
    """Let a draft be written, with the words of the form."""
    number, watched = site.signed_in(fields)
    limit = watched.account.description_limit
    decide(
        lambda: watched.account.state.drafts.approve(draft_number(path), texts_of(fields, limit)),
    )
    return address("/drafts", number, "approved")


def refuse(site: Site, fields: Fields, path: Mapping[str, str]) -> str:
    """Let a draft not be written."""
    number, watched = site.signed_in(fields)
    decide(
        lambda: watched.account.state.drafts.refuse(
            draft_number(path), "it was refused on the dashboard"
        ),
    )
    return address("/drafts", number, "refused")


def rewrite(site: Site, fields: Fields, path: Mapping[str, str]) -> str:
    """Have a description of ours replaced by the words of the form."""
    _, watched = site.signed_in(fields)
    text = text_of(fields.get("text", ""), watched.account.description_limit)
    return handed_over(site, "rewrite", fields, path, text)


def undo(site: Site, fields: Fields, path: Mapping[str, str]) -> str:
    """Have a description of ours taken back."""
    return handed_over(site, "undo", fields, path)


def again(site: Site, fields: Fields, path: Mapping[str, str]) -> str:
    """Have a description of ours taken back, and the attachment described anew."""
    return handed_over(site, "again", fields, path)


def handed_over(
    site: Site, kind: Kind, fields: Fields, path: Mapping[str, str], text: str = ""
) -> str:
    """Hand an errand to the bot, about an attachment that it described."""
    number, watched = site.signed_in(fields)
    status_id, attachment_id = path["status_id"], fields.get("attachment", "")
    entries = watched.account.state.history.entries(status_id=status_id)
    stands = any(entry.stands and entry.writing.attachment_id == attachment_id for entry in entries)
    if not stands:
        raise PageError(409, "The bot has no description of its own there any more.")
    errand = Errand(kind=kind, status_id=status_id, attachment_id=attachment_id, text=text)
    is_new = watched.account.state.errands.ask(errand)
    return address(f"/posts/{status_id}", number, f"asked-{kind}" if is_new else "nothing")


def decide(decision: Callable[[], KeptDraft]) -> None:
    """Decide about a draft; PageError where that can't be."""
    try:
        decision()
    except DraftError as error:
        raise PageError(409, f"{str(error)[:1].upper()}{str(error)[1:]}.") from None


def texts_of(fields: Fields, limit: int) -> dict[str, str]:
    """The texts of a draft's form by attachment, with newlines as they are here."""
    found = {
        name.removeprefix(TEXT): text_of(text, limit)
        for name, text in fields.items()
        if name.startswith(TEXT)
    }
    if not found:
        raise PageError(400, "There is no text in the form.")
    return found


def text_of(text: str, limit: int) -> str:
    """A description as somebody typed it; PageError for none, and one that is too long."""
    # Browsers send the newlines of a form as two signs each.
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise PageError(400, "A description can't be empty. Go back and write one.")
    if len(text) > limit:
        raise PageError(
            400,
            f"The server takes descriptions of up to {limit} characters, and this has "
            f"{len(text)}. Go back and shorten it.",
        )
    return text


def draft_number(path: Mapping[str, str]) -> int:
    """The number of a draft in an address."""
    return int(path["draft"])


def address(path: str, number: int, said: str, fields: Fields | None = None) -> str:
    """Where to go on, with what to say there, and on which page of a list."""
    query = f"?account={number}&said={said}" if number else f"?said={said}"
    page = (fields or {}).get("page", "")
    return f"{path}{query}&page={page}" if page.isascii() and page.isdigit() else f"{path}{query}"


Action = Callable[[Site, Fields, Mapping[str, str]], str]
ACTIONS: Mapping[str, Action] = {
    "/posts/{status_id}/retry": retry,
    "/posts/{status_id}/rewrite": rewrite,
    "/posts/{status_id}/undo": undo,
    "/posts/{status_id}/again": again,
    "/failures/retry": retry_all,
    "/editing/resume": resume,
    "/drafts/{draft:int}/approve": approve,
    "/drafts/{draft:int}/refuse": refuse,
}
