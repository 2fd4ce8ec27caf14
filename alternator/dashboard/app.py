"""The routes of the dashboard. What reads a file is answered in a thread of its own."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from alternator.dashboard import pages
from alternator.dashboard.access import COOKIE, SESSION_SECONDS
from alternator.dashboard.actions import ACTIONS, Action
from alternator.dashboard.door import Door
from alternator.dashboard.errors import PageError
from alternator.dashboard.forms import form_of
from alternator.dashboard.metrics import MEDIA_TYPE, BotMetrics
from alternator.dashboard.site import Site
from alternator.dashboard.views import number_of
from alternator.errors import StateError

log = logging.getLogger(__name__)

STATIC = {
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
    "htmx.min.js": "text/javascript",
}
# The names of our files never change; what is in them does with a release.
CACHED = {"Cache-Control": "max-age=600"}
# https://www.w3.org/TR/png-3/#3PNGsignature
PNG = b"\x89PNG\r\n\x1a\n"
Endpoint = Callable[[Request], Awaitable[Response]]
GET_PAGES: dict[str, Callable[[Site, Request], Response]] = {
    "/": pages.overview,
    "/posts": pages.posts,
    "/posts/{status_id}": pages.one_post,
    "/drafts": pages.drafts,
    "/failures": pages.failures,
    "/settings": pages.settings,
}


def create_app(site: Site, more: Sequence[BaseRoute] = ()) -> Door:
    """The application, with the door around it. ``more`` are routes that go before those here."""
    app = Starlette(
        routes=[
            *more,
            *(Route(path, shown(site, page)) for path, page in GET_PAGES.items()),
            *(
                Route(path, done(site, action), methods=["POST"])
                for path, action in ACTIONS.items()
            ),
            Route("/static/{name}", static),
            Route("/thumbnail/{status_id}/{attachment_id}", shown(site, thumbnail)),
            *login_routes(site),
            *operator_routes(site),
        ],
        exception_handlers={
            PageError: refused(site),
            StateError: refused(site),
            HTTPException: refused(site),
            Exception: refused(site),
        },
    )
    return Door(app, site.access, site.now, open_to=site.open_to)


def shown(site: Site, page: Callable[[Site, Request], Response]) -> Endpoint:
    """A page as an endpoint."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(page, site, request)

    return endpoint


def done(site: Site, action: Action) -> Endpoint:
    """An action as an endpoint; see https://www.rfc-editor.org/rfc/rfc9110#name-303-see-other."""

    async def endpoint(request: Request) -> Response:
        fields = await form_of(request)
        path = {key: str(value) for key, value in request.path_params.items()}
        return RedirectResponse(
            await run_in_threadpool(action, site, fields, path), status_code=303
        )

    return endpoint


def thumbnail(site: Site, request: Request) -> Response:
    """A small picture of an attachment."""
    _, watched = site.signed_in(request.query_params)
    found = None
    if watched.thumbnails is not None:
        found = watched.thumbnails.get(
            request.path_params["status_id"], request.path_params["attachment_id"]
        )
    return picture_answer(found)


def picture_answer(found: bytes | None) -> Response:
    """A small picture; an empty one where there is none."""
    if found is None:
        # Of sound, say; a picture that is missing would look like a fault.
        headers = {"Cache-Control": "private, max-age=60"}
        return Response(own_file("nothing.svg"), media_type="image/svg+xml", headers=headers)
    kind = "image/png" if found.startswith(PNG) else "image/jpeg"
    return Response(found, media_type=kind, headers={"Cache-Control": "private, max-age=3600"})


async def static(request: Request) -> Response:
    """One of our own files."""
    name = request.path_params["name"]
    if name not in STATIC:
        raise PageError(404, "There is no such file.")
    return Response(own_file(name), media_type=STATIC[name], headers=CACHED)


@cache
def own_file(name: str) -> bytes:
    """What is in one of our own files."""
    return files("alternator.dashboard").joinpath("static", name).read_bytes()


def login_routes(site: Site) -> list[BaseRoute]:
    """Where the token is typed in, and where its cookie is given up."""

    async def login(request: Request) -> Response:
        to = own_path(request.query_params.get("next", "/"))
        if request.method != "POST":
            return site.page(request, "login.html", to=to, wrong=False)
        fields = await form_of(request)
        to = own_path(fields.get("next", "/"))
        if not site.access.is_token(fields.get("token", "").strip()):
            log.warning("dashboard: somebody gave a wrong token")
            return site.page(request, "login.html", status=403, to=to, wrong=True)
        answer = RedirectResponse(to, status_code=303)
        answer.set_cookie(
            COOKIE,
            site.access.session(site.now()),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            # As the browser has it: behind a proxy that speaks TLS, this server sees none.
            secure=request.headers.get("origin", "").startswith("https://"),
        )
        return answer

    async def logout(request: Request) -> Response:
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    if site.access.token is None:
        return []
    return [
        Route("/login", login, methods=["GET", "POST"]),
        Route("/logout", logout, methods=["POST"]),
    ]


def own_path(wanted: str) -> str:
    """A path of the dashboard: not another site's, however that is written."""
    parts = urlsplit(wanted.replace("\\", "/"))
    is_ours = wanted.startswith("/") and not (parts.scheme or parts.netloc)
    return wanted if is_ours and wanted.isprintable() and not wanted.startswith("//") else "/"


def operator_routes(site: Site) -> list[BaseRoute]:
    """Whether it lives, whether it can work, how it fares: for machines."""
    metrics = BotMetrics(site.watched, site.now)

    def troubles() -> list[str]:
        conditions = [one.condition() for one in site.watched]
        return [condition.trouble for condition in conditions if condition.trouble]

    def obstacles() -> list[str]:
        found, others = [], []
        for number, one in enumerate(site.watched):
            condition = one.condition()
            # With a token, names are not everybody's.
            name = one.name if site.access.token is None else f"account {number}"
            if condition.trouble:
                found.append(condition.trouble)
            if condition.starting:
                others.append(f"{name}: starting")
            elif condition.server.failing:
                others.append(f"{name}: its server is {condition.server.state}")
            elif one.account.halted is not None:
                others.append(f"{name}: nothing is edited any more")
        return found + others

    def alive(site: Site, request: Request) -> Response:
        return in_lines(troubles(), "alive")

    def ready(site: Site, request: Request) -> Response:
        return in_lines(obstacles(), "ready")

    def measured(site: Site, request: Request) -> Response:
        return Response(metrics.text(), media_type=MEDIA_TYPE)

    answers = {"/healthz": alive, "/readyz": ready, "/metrics": measured}
    return [Route(path, shown(site, answer)) for path, answer in answers.items()]


def in_lines(wrong: list[str], well: str) -> Response:
    """503 and what is wrong, else 200."""
    text = "\n".join(wrong) or well
    return PlainTextResponse(f"{text}\n", status_code=503 if wrong else 200)


def refused(site: Site) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What answers in place of a page that can't be shown."""

    async def answer(request: Request, error: Exception) -> Response:
        match error:
            case PageError():
                status, text = error.status, str(error)
            case HTTPException(status_code=404):
                status, text = 404, "There is no such page."
            case HTTPException():
                status, text = error.status_code, f"{error.detail}."
            case StateError():
                status, text = 503, f"The bot's memory can't be used now: {error}."
            case _:
                status = 500
                text = "This should not have happened. The bot goes on; its log says more."
        number = number_of(request.query_params, "account", 0)
        # Of others' accounts it would have to be looked up, and that may be what fails.
        number = number if number < len(site.watched) else 0
        return site.page(request, "error.html", status=status, number=number, text=text)

    return answer
