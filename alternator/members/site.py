"""What the members' pages are made of, and how one is answered."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alternator.config.settings import Config
from alternator.dashboard.door import HEADERS
from alternator.dashboard.errors import PageError
from alternator.dashboard.forms import form_of
from alternator.dashboard.site import environment
from alternator.dashboard.words import ago
from alternator.errors import KeyMismatchError, ServerError, StateError
from alternator.members.cipher import Cipher
from alternator.members.errors import JoinError
from alternator.members.joining import Joining
from alternator.members.limits import Limits
from alternator.members.pictures import MemberPictures
from alternator.members.session import Cookies, member_of
from alternator.members.states import States
from alternator.store.cluster import Cluster, Enrolled

log = logging.getLogger(__name__)

# What a page says after something was done, by the word in its address: nobody else's words.
SAID: Mapping[str, str] = {
    "connected": "Your account is connected.",
    "chosen": "Your choices are kept. They hold within seconds.",
    "paused": "Nothing is done for your account until you let it go on.",
    "resumed": "It goes on.",
    "approved": "The draft is approved. It is written into the post in its turn.",
    "refused": "The draft is refused. Nothing is written.",
    "signed-out": "You are signed out in every browser. Your posts are described as before.",
}
POLICY = "Content-Security-Policy"
Fields = Mapping[str, str]
Page = Callable[["MemberSite", Request], Response]
Form = Callable[["MemberSite", Request, Fields], Response]


@dataclass(frozen=True, kw_only=True)
class MemberSite:
    """The pages of ``[signup]``."""

    base: Config
    cluster: Cluster
    states: States
    cipher: Cipher
    joining: Joining
    limits: Limits
    pictures: MemberPictures
    now: Callable[[], float] = time.time
    templates: Environment = field(default_factory=partial(environment, "alternator.members"))

    def description_limit(self, server: str) -> int:
        """The server's limit for descriptions, in characters."""
        return self.limits.get(server)

    @property
    def cookies(self) -> Cookies:
        """Its cookies."""
        address = self.base.signup.address or ""
        return Cookies(secure=urlsplit(address).scheme == "https")

    def visitor(self, request: Request) -> Enrolled | None:
        """Who comes, where it is a member."""
        value = self.cookies.get(request, "alternator_member")
        return member_of(value, self.cluster.enrolment, self.cipher, self.now())

    def member(self, request: Request) -> Enrolled:
        """Who comes; PageError for one who is not signed in."""
        entry = self.visitor(request)
        if entry is None:
            raise PageError(401, "You are not signed in here, or not any more. Connect to sign in.")
        return entry

    def page(self, request: Request, name: str, *, status: int = 200, **own: object) -> Response:
        """A page, with what all of them show."""
        now = self.now()
        text = self.templates.get_template(name).render(
            accounts=(),
            path=request.url.path,
            said=SAID.get(request.query_params.get("said", ""), ""),
            now=now,
            ago=partial(ago, now=now),
            **own,
        )
        return HTMLResponse(text, status_code=status, headers={POLICY: self.policy()})

    def policy(self) -> str:
        """The usual one, with the servers to which a form may lead in the end.

        https://www.w3.org/TR/CSP3/#directive-form-action: what a form's answer redirects to counts.
        """
        servers = " ".join(self.base.signup.server)
        return HEADERS[POLICY].replace("form-action 'self'", f"form-action 'self' {servers}")

    def refused(self, request: Request, error: Exception) -> Response:
        """What answers in place of a page that can't be shown."""
        match error:
            case JoinError() | PageError():
                status, text = error.status, str(error)
            case ServerError():
                status, text = 502, f"The server did not do its part: {error}."
            case StateError():
                status, text = 503, f"What is kept can't be reached now: {error}. Try again later."
            case KeyMismatchError():
                log.error("%s", error)  # which is for the operator
                status, text = 503, "What is kept of you can't be opened. Tell the operator."
            case _:
                raise error
        return self.page(request, "member_error.html", status=status, text=text)


def shown(site: MemberSite, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """A page as an endpoint, made in a thread of its own."""

    def made(request: Request) -> Response:
        try:
            return page(site, request)
        except (JoinError, PageError, ServerError, StateError, KeyMismatchError) as error:
            return site.refused(request, error)

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(made, request)

    return endpoint


def done(site: MemberSite, form: Form) -> Callable[[Request], Awaitable[Response]]:
    """What a form does, as an endpoint."""

    async def endpoint(request: Request) -> Response:
        try:
            fields = await form_of(request)
            return await run_in_threadpool(form, site, request, fields)
        except (JoinError, PageError, ServerError, StateError, KeyMismatchError) as error:
            return await run_in_threadpool(site.refused, request, error)

    return endpoint


def to(path: str) -> RedirectResponse:
    """Go on there: https://www.rfc-editor.org/rfc/rfc9110#name-303-see-other"""
    return RedirectResponse(path, status_code=303)
