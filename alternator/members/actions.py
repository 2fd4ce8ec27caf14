"""What a member does: connect, choose, pause, decide about drafts, sign out, leave.

Each answers with a redirect to the page that shows what came of it.
"""

import logging
from collections.abc import Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from alternator.config.settings import VISIBILITIES
from alternator.dashboard.actions import decide, texts_of
from alternator.dashboard.errors import PageError
from alternator.members.choices import NoChoiceError, checked
from alternator.members.entry import choose, end_session, is_held, leaving_since
from alternator.members.errors import JoinError
from alternator.members.joining import SECONDS
from alternator.members.leaving import leave
from alternator.members.session import SESSION_SECONDS, session_cookie
from alternator.members.site import Fields, Form, MemberSite, to
from alternator.store.cluster import Enrolled
from alternator.store.drafts import Drafts

log = logging.getLogger(__name__)


def begin(site: MemberSite, request: Request, fields: Fields) -> Response:
    """Send somebody to the server, which asks."""
    servers = site.base.signup.server
    begun = site.joining.begin(fields.get("server", servers[0] if servers else ""))
    answer = to(begun.address)
    site.cookies.set(answer, "alternator_joining", begun.word, SECONDS)
    return answer


def callback(site: MemberSite, request: Request) -> Response:
    """Somebody comes back from the server."""
    asked = request.query_params
    state, code = asked.get("state", ""), asked.get("code", "")
    if not code:
        site.joining.give_up(state)
        raise JoinError("You did not allow it, so nothing was connected.", status=200)
    word = site.cookies.get(request, "alternator_joining")
    entry = site.joining.finish(state, word, code)
    answer = to("/me?said=connected")
    value = session_cookie(entry, site.cipher, site.now())
    site.cookies.set(answer, "alternator_member", value, SESSION_SECONDS)
    site.cookies.delete(answer, "alternator_joining")
    return answer


def chosen(site: MemberSite, request: Request, fields: Fields) -> Response:
    """Keep what a member chooses."""
    entry = site.member(request)
    offered = site.base.signup.choices
    wanted: dict[str, object] = {}
    for name in ("language", "style", "mode"):
        if name in offered and fields.get(name, "").strip():
            wanted[name] = fields[name]
    if "visibilities" in offered:
        wanted["visibilities"] = [one for one in VISIBILITIES if f"visibility-{one}" in fields]
    try:
        choices = checked(wanted, site.base.signup)
    except NoChoiceError as error:
        raise PageError(400, f"{error} Go back and choose again.") from None
    choose(site.cluster.enrolment, entry, choices)
    return to("/me?said=chosen")


def paused(site: MemberSite, request: Request, fields: Fields) -> Response:
    """Do nothing for a member any more."""
    site.cluster.enrolment.pause(site.member(request).key, True)
    return to("/me?said=paused")


def resumed(site: MemberSite, request: Request, fields: Fields) -> Response:
    """Go on; not where the operator paused it."""
    entry = site.member(request)
    if is_held(entry):
        raise PageError(403, "The operator paused your account, and alone can let it go on.")
    if leaving_since(entry) is not None:
        raise PageError(409, "You are leaving, and what is kept of you is about to be deleted.")
    site.cluster.enrolment.pause(entry.key, False)
    return to("/me?said=resumed")


def drafts_of(site: MemberSite, entry: Enrolled) -> Drafts:
    """A member's own drafts: another's number is none of these."""
    state = site.states.get(entry.account)
    if state is None:
        raise PageError(404, "There are no drafts of yours.")
    return state.drafts


def approve(site: MemberSite, request: Request, fields: Fields) -> Response:
    """Let a draft be written, with the words of the form."""
    entry = site.member(request)
    texts = texts_of(fields, site.description_limit(entry.server))
    drafts, number = drafts_of(site, entry), int(request.path_params["draft"])
    decide(partial(drafts.approve, number, texts))
    return to("/me?said=approved")


def refuse(site: MemberSite, request: Request, fields: Fields) -> Response:
    """Let a draft not be written."""
    drafts = drafts_of(site, site.member(request))
    number = int(request.path_params["draft"])
    decide(partial(drafts.refuse, number, "its author refused it"))
    return to("/me?said=refused")


def sign_out(site: MemberSite, request: Request, fields: Fields) -> Response:
    """End the session in every browser."""
    end_session(site.cluster.enrolment, site.member(request))
    answer = to("/join?said=signed-out")
    site.cookies.delete(answer, "alternator_member")
    return answer


def gone(site: MemberSite, request: Request, fields: Fields) -> Response:
    """Leave, where that is what is meant."""
    entry = site.member(request)
    if fields.get("sure") != "yes":
        raise PageError(400, "Nothing was deleted: tick the box if you are sure.")
    became = leave(site.cluster, entry, site.cipher)
    if entry.account is not None:
        site.pictures.forget(entry.account)
    answer = to("/join/left?by-hand" if became.not_revoked else "/join/left")
    site.cookies.delete(answer, "alternator_member")
    return answer


FORMS: Mapping[str, Form] = {
    "/join/begin": begin,
    "/me/choices": chosen,
    "/me/pause": paused,
    "/me/resume": resumed,
    "/me/drafts/{draft:int}/approve": approve,
    "/me/drafts/{draft:int}/refuse": refuse,
    "/me/sign-out": sign_out,
    "/me/leave": gone,
}
