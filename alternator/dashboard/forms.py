"""What a form sent, read within bounds."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from alternator.dashboard.errors import PageError

# A description has up to 10,000 characters, of up to four bytes, each of which is three signs.
MOST_BYTES = 256 * 1024
MOST_FIELDS = 100


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, as browsers send it; PageError for what is none.

    https://url.spec.whatwg.org/#application/x-www-form-urlencoded
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    # A form without fields may come without a kind.
    if kind not in ("", "application/x-www-form-urlencoded"):
        raise PageError(415, "This takes the fields of a form.")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise PageError(413, "That is more than any form here has.")
    try:
        return dict(
            parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MOST_FIELDS,
            )
        )
    except ValueError:  # other signs, or too many fields
        raise PageError(400, "The form can't be read.") from None
