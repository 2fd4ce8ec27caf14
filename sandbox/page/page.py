"""The web page: the demo account's posts with their descriptions, and a form for one more."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.api.caller import sandbox_of
from sandbox.api.streaming import open_stream
from sandbox.control.origin import is_foreign
from sandbox.errors import RefusedError
from sandbox.model.records import DEMO_ACCOUNT
from sandbox.model.sandbox import Sandbox
from sandbox.model.status_params import PostParams
from sandbox.model.uploads import UploadParams
from sandbox.page.page_view import page_view
from sandbox.params import SentFile, sent

FOLDER = Path(__file__).parent
STATIC_FOLDER = FOLDER / "static"
# Scripts and styles come from the server's own files, and nothing from elsewhere.
SECURITY_HEADERS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


async def show(request: Request) -> HTMLResponse:
    """The page."""
    return render(sandbox_of(request))


async def live(request: Request) -> StreamingResponse:
    """The events after which the page looks for what is new."""
    return open_stream(request, DEMO_ACCOUNT)


async def post(request: Request) -> Response:
    """Take the form. What the server refuses is said on the page, and what was typed is kept."""
    sandbox = sandbox_of(request)
    async with request.form() as form:
        typed = {key: value for key, value in form.items() if isinstance(value, str)}
        sent_files = [await sent(value) for value in form.getlist("file")]
    files = [file for file in sent_files if isinstance(file, SentFile) and file.name]
    try:
        check_origin(request)
        if not files:
            raise RefusedError(422, "Choose a sound, a video or a picture first.")
        status_id = await run_in_threadpool(publish, sandbox, typed, contents(files))
    except RefusedError as error:
        return render(sandbox, typed=typed, error=error)
    return RedirectResponse(f"/#post-{status_id}", status_code=303)


async def show_post(request: Request) -> RedirectResponse:
    """The links in statuses lead to their place on the page."""
    return RedirectResponse(f"/#post-{request.path_params['id']}")


async def show_all(request: Request) -> RedirectResponse:
    """The links of accounts and hashtags lead to the page."""
    return RedirectResponse("/")


def check_origin(request: Request) -> None:
    """Refuse a form that another web site sends through the visitor's browser."""
    if is_foreign(request.headers):
        raise RefusedError(403, "This form came from another web site. Post from this page.")


def contents(files: list[SentFile]) -> list[UploadParams]:
    """The files of the form as uploads."""
    return [
        UploadParams(name=file.name, content=file.content, media_type=file.media_type)
        for file in files
    ]


def publish(sandbox: Sandbox, typed: dict[str, str], files: list[UploadParams]) -> str:
    """Post as the demo account; returns the status's id."""
    media_ids = []
    for file in files:
        attachment = sandbox.uploads.accept(DEMO_ACCOUNT, file)
        if attachment.failed:
            raise RefusedError(422, f"{file.name} can't be read as audio or video.")
        media_ids.append(sandbox.uploads.finish(attachment).id)
    params = PostParams(
        text=typed.get("status", ""),
        spoiler_text=typed.get("spoiler_text", ""),
        language=typed.get("language") or None,
        media_ids=tuple(media_ids),
    )
    return sandbox.posting.create(DEMO_ACCOUNT, params).id


def render(
    sandbox: Sandbox, typed: dict[str, str] | None = None, error: RefusedError | None = None
) -> HTMLResponse:
    """The page with the form as typed, and with what was wrong with it."""
    content = templates.get_template("page.html").render(
        page=page_view(sandbox.store),
        typed=typed or {},
        error=None if error is None else error.message.removeprefix("Validation failed: "),
        account=DEMO_ACCOUNT,
    )
    status = 200 if error is None else error.status
    return HTMLResponse(content, status_code=status, headers=SECURITY_HEADERS)


routes = [
    Route("/", show, methods=["GET"]),
    Route("/", post, methods=["POST"]),
    Route("/@{account}", show_all, methods=["GET"]),
    Route("/@{account}/{id}", show_post, methods=["GET"]),
    Route("/tags/{name}", show_all, methods=["GET"]),
    Route("/sandbox/live", live, methods=["GET"]),
]
