"""What a server's refusal means: for this request, or for all.

failure                                  asked again       then
---------------------------------------  ----------------  ---------------------------
no connection, DNS, TLS, proxy           once              the server is away
429, 408, 5xx, a broken connection       three times       the server is away
no answer in its time                    no                the server is away
401, 402, 403, 404, a redirect           no                the server is away
what is no JSON of such a server         no                the server is away
400, 413, 415, 422, other 4xx            no                this request is refused
500 with the code transcription_failed   no                this request is refused
"""

from dataclasses import dataclass

import requests

from alternator.errors import SpeechServerAwayError, SpeechServerError
from alternator.web.credentials import without_user
from alternator.web.dates import retry_after_of
from alternator.web.json_body import NoJsonError
from alternator.web.never_connected import never_connected
from alternator.web.one_line import one_line
from alternator.web.session import Answer

MOST_REASON = 200  # characters of a server's own words in a message
# What asks to come again with money rather than later:
# https://platform.openai.com/docs/guides/error-codes
NO_QUOTA = "insufficient_quota"
# What our own server says of one file that its worker gave up: not of the server, nor passing.
GIVEN_UP = "transcription_failed"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why there is no answer. ``tries``: how often in all one may ask, the first time included;
    ``wait``: seconds that the server asks to wait before the next."""

    error: SpeechServerError
    tries: int = 1
    wait: float | None = None
    words: str = ""  # the server's own
    status: int = 0


def away(message: str, *, tries: int = 1, wait: float | None = None) -> Trouble:
    """The server is of no use to anybody now."""
    return Trouble(error=SpeechServerAwayError(message, retry_after=wait), tries=tries, wait=wait)


def unanswered(name: str, error: Exception, seconds: float, remedy: str = "") -> Trouble:
    """There was no answer at all. ``remedy``: for one that took too long."""
    if isinstance(error, requests.ConnectTimeout):
        return away(unreachable(name), tries=2)
    if isinstance(error, requests.Timeout):
        return away(f"{name} did not answer within {seconds:g} s; see what it is at{remedy}")
    if isinstance(error, requests.ConnectionError) and not never_connected(error):
        return away(f"{name} broke the connection off", tries=4)
    return away(unreachable(name), tries=2)


def unreachable(name: str) -> str:
    """For a server that nobody gets a connection to."""
    return f"{name} can't be reached; start that server, or correct [whisper] server_url"


def refused(name: str, model: str, answer: Answer) -> Trouble:
    """An answer that is none of 2xx."""
    status, words = answer.status, words_of(answer)
    reason = f": {words}" if words else ""
    if 300 <= status < 400:
        target = one_line(without_user(answer.headers.get("Location", "")), MOST_REASON)
        return away(
            f"{name} redirects to {target or 'nowhere'} (HTTP {status}), where no sound is sent; "
            f"set [whisper] server_url to the server itself"
        )
    if status in (401, 403):
        return away(f"{name} rejects the token (HTTP {status}{reason}); set [whisper] server_token")
    if status == 402 or (status == 429 and NO_QUOTA in code_of_error(answer)):
        return away(f"{name} wants to be paid (HTTP {status}{reason}); add credit")
    if status in (404, 405):
        return away(
            f"{name} has no audio API there, or no model {model!r} (HTTP {status}{reason}); "
            f"correct [whisper] server_url (up to /v1), or server_model"
        )
    if (status in (408, 429) or status >= 500) and code_of_error(answer) != GIVEN_UP:
        asked = retry_after_of(answer)
        wait = None if asked is None else max(asked, 0.0)
        what = "is too busy" if status == 429 else "failed"
        return away(f"{name} {what} (HTTP {status}{reason}); try later", tries=4, wait=wait)
    message = f"{name} refuses the request for {model!r} (HTTP {status}{reason})"
    return Trouble(error=SpeechServerError(message), words=words, status=status)


def not_understood(name: str) -> Trouble:
    """An answer that no such server gives."""
    return away(
        f"{name} does not answer like a server of OpenAI's audio API; correct [whisper] "
        f"server_url (up to /v1)"
    )


def words_of(answer: Answer) -> str:
    """A refusal's own reason, in one line: OpenAI's ``error.message``, or FastAPI's ``detail``."""
    error = _error(answer)
    for entry in (error, error.get("error"), error.get("detail")):
        if isinstance(entry, str):
            return one_line(entry, MOST_REASON)
        if isinstance(entry, dict) and isinstance(entry.get("message"), str):
            return one_line(entry["message"], MOST_REASON)
    detail = error.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        place = detail[0].get("loc")
        where = ".".join(map(str, place)) + ": " if isinstance(place, list) else ""
        return one_line(f"{where}{detail[0].get('msg', '')}", MOST_REASON)
    return ""


def code_of_error(answer: Answer) -> str:
    """OpenAI's code of an error, '' where there is none."""
    inner = _error(answer).get("error")
    code = inner.get("code") if isinstance(inner, dict) else None
    return code if isinstance(code, str) else ""


def _error(answer: Answer) -> dict[str, object]:
    try:
        found = answer.json()
    except NoJsonError:
        return {}
    return found if isinstance(found, dict) else {}
