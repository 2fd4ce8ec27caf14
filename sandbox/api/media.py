"""``/api/v1/media`` and ``/api/v2/media``: uploads, until a status takes them.

https://docs.joinmastodon.org/methods/media/
"""

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.api.caller import sandbox_of, serializer_of, writer
from sandbox.errors import RefusedError, invalid
from sandbox.model.records import Attachment
from sandbox.model.status_params import focal_point, media_attributes
from sandbox.model.uploads import UploadParams
from sandbox.params import read_params

# https://github.com/mastodon/mastodon/blob/v4.4.8/app/controllers/api/v1/media_controller.rb
PROCESSING_ERROR = "Error processing thumbnail for uploaded media"


async def upload_of(request: Request) -> Attachment:
    """Take the file of a form."""
    account = writer(request)
    params = await read_params(request)
    file = params.file("file")
    if file is None:
        raise invalid("File can't be blank")
    upload = UploadParams(
        name=file.name,
        content=file.content,
        media_type=file.media_type,
        description=params.text("description"),
        focus=focal_point(params.text("focus")),
    )
    return await run_in_threadpool(sandbox_of(request).uploads.accept, account, upload)


async def create(request: Request) -> JSONResponse:
    """Upload; audio and video answer 202 with ``url: null`` while they are processed."""
    attachment = await upload_of(request)
    status = 202 if attachment.ready_at > time.time() or attachment.failed else 200
    return JSONResponse(serializer_of(request).attachment(attachment), status_code=status)


async def create_v1(request: Request) -> JSONResponse:
    """Upload and wait until the file has been processed."""
    attachment = await upload_of(request)
    if attachment.failed:
        raise RefusedError(422, PROCESSING_ERROR)
    attachment = sandbox_of(request).uploads.finish(attachment)
    return JSONResponse(serializer_of(request).attachment(attachment))


async def show(request: Request) -> JSONResponse:
    """An upload: 206 while it is processed, 404 once a status has it."""
    attachment = sandbox_of(request).uploads.unattached(request.path_params["id"], writer(request))
    processing = attachment.ready_at > time.time()
    if attachment.failed and not processing:
        raise RefusedError(422, PROCESSING_ERROR)
    entity = serializer_of(request).attachment(attachment)
    return JSONResponse(entity, status_code=206 if processing else 200)


async def update(request: Request) -> JSONResponse:
    """Describe an upload: 404 once a status has it, unless the dialect has it otherwise."""
    uploads = sandbox_of(request).uploads
    attributes = media_attributes(await read_params(request))
    attachment = uploads.changeable(request.path_params["id"], writer(request))
    attachment = uploads.describe(attachment, attributes)
    return JSONResponse(serializer_of(request).attachment(attachment))


async def delete(request: Request) -> JSONResponse:
    """Remove an upload that no status has."""
    sandbox = sandbox_of(request)
    sandbox.store.forget(sandbox.uploads.unattached(request.path_params["id"], writer(request)))
    return JSONResponse({})


routes = [
    Route("/api/v2/media", create, methods=["POST"]),
    Route("/api/v1/media", create_v1, methods=["POST"]),
    Route("/api/v1/media/{id}", show, methods=["GET"]),
    Route("/api/v1/media/{id}", update, methods=["PUT"]),
    Route("/api/v1/media/{id}", delete, methods=["DELETE"]),
]
