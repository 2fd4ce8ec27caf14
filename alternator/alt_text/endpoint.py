"""One question to the endpoint of ``[vision]``, and what each failure of it says.

A failure is told apart by whose it may be:

    failure                               the next model is asked    may it be this picture?
    ------------------------------------  -------------------------  -----------------------
    no connection, DNS, TLS, proxy        no, it is the endpoint's   no
    401, a redirect                       no, it is the endpoint's   no
    402, 404, 429                         yes                        no
    5xx, a time-out, a broken connection  yes                        yes
    HTML, empty, cut and foreign JSON     yes                        yes
    400, 403, 413 and the other 4xx       yes                        yes

What may be the picture's counts as the picture's once the endpoint answered others meanwhile
(``breaker.py``).
"""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from alternator.alt_text.completion import (
    Completion,
    Content,
    NoCompletionError,
    Request,
    parse_completion,
    reason_of,
)
from alternator.config.models import VisionSettings
from alternator.errors import EndpointError
from alternator.web.credentials import BearerToken, without_user
from alternator.web.dates import retry_after_of
from alternator.web.json_body import NoJsonError
from alternator.web.never_connected import never_connected
from alternator.web.one_line import one_line
from alternator.web.session import Answer, Limits, TooLargeError, WebSession

MOST_BYTES = 4 * 1024 * 1024
CONNECT_SECONDS = 10.0
BUSY_SECONDS = 2.0  # to wait where a busy endpoint names no time
MOST_REASON = 200  # characters of an endpoint's own words in a message
# What an endpoint answers when it does not take the request as it is.
NOT_TAKEN = (400, 413, 415, 422)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Whose a failure may be.

    ``whole``: the endpoint's, whatever the model. ``certain``: nothing about the picture can be
    the reason. ``passing``: the same request may succeed a moment later. ``closes``: no other
    picture need be sent to find out. ``not_taken``: the endpoint did not take the request's form.
    """

    whole: bool = False
    certain: bool = False
    passing: bool = False
    closes: bool = True
    not_taken: bool = False


class TroubleError(EndpointError):
    """The endpoint did not answer, or not as such an endpoint does."""

    def __init__(self, message: str, kind: Kind, *, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.kind = kind


class Endpoint:
    """The endpoint, for one thread. ``name`` is its address as messages may show it."""

    def __init__(self, settings: VisionSettings) -> None:
        self.name = without_user(settings.base_url).rstrip("/")
        self._settings = settings
        self._session = WebSession(auth=auth_of(settings))

    def ask(self, model: str, content: Content) -> Completion:
        """What a model answers. TroubleError if there is no completion."""
        seconds = self._settings.timeout_seconds
        body: Request = {
            "model": model,
            "max_tokens": self._settings.max_tokens,
            "messages": [{"role": "user", "content": content}],
        }
        # A model may be silent until its answer is whole.
        limits = Limits(
            seconds=seconds, connect=CONNECT_SECONDS, silence=seconds, most=MOST_BYTES, redirects=0
        )
        try:
            answer = self._session.send(
                "POST", f"{self.name}/chat/completions", json=body, limits=limits
            )
        except requests.ConnectTimeout:
            raise self._unreachable() from None
        except requests.Timeout:
            raise TroubleError(
                f"{self.name} did not answer for {model} within {seconds:g} s", Kind()
            ) from None
        except (requests.RequestException, UnicodeError) as error:
            if isinstance(error, requests.ConnectionError) and not never_connected(error):
                raise TroubleError(
                    f"{self.name} broke the connection off while it was asked for {model}",
                    Kind(passing=True),
                ) from None
            raise self._unreachable() from None
        except TooLargeError:
            raise self._not_understood() from None
        return self._completion(answer, model)

    def _completion(self, answer: Answer, model: str) -> Completion:
        """The completion in an answer. TroubleError for anything else."""
        if 300 <= answer.status < 400:
            raise self._redirect(answer)
        if not answer.ok:
            raise self._refusal(answer.status, model, answer)
        try:
            completion = parse_completion(answer.json())
        except (NoJsonError, NoCompletionError):
            raise self._not_understood() from None
        if completion.failed is not None:
            raise self._refusal(completion.failed, model, answer)
        return completion

    def _unreachable(self) -> TroubleError:
        """There was no connection, or no request that could be sent."""
        return TroubleError(
            f"{self.name} can't be reached; check [vision] base_url",
            Kind(whole=True, certain=True),
        )

    def _not_understood(self) -> TroubleError:
        """An answer that no such endpoint gives."""
        return TroubleError(
            f"{self.name} does not answer like a chat completions endpoint; check [vision] "
            f"base_url",
            Kind(),
        )

    def _redirect(self, answer: Answer) -> TroubleError:
        """A redirect is not followed: it would take the picture and the key somewhere else."""
        target = one_line(without_user(answer.headers.get("Location", "")), MOST_REASON)
        return TroubleError(
            f"{self.name} redirects to {target or 'nowhere'} (HTTP {answer.status}), where no "
            f"picture is sent; set [vision] base_url to the endpoint itself",
            Kind(whole=True, certain=True),
        )

    def _refusal(self, status: int, model: str, answer: Answer) -> TroubleError:
        """What an HTTP error means.

        https://openrouter.ai/docs/api/reference/errors-and-debugging
        """
        name, wait = self.name, None
        if "Retry-After" in answer.headers or status == 429:
            asked = retry_after_of(answer)
            wait = BUSY_SECONDS if asked is None else max(asked, 0.0)
        if status == 401:
            message = f"{name} rejects the key; set [vision] api_key"
            return TroubleError(message, Kind(whole=True, certain=True))
        if status == 402:
            message = f"{name} wants to be paid for {model} (HTTP 402); add credit"
            return TroubleError(message, Kind(certain=True))
        if status == 404:
            message = f"{name} has no model {model}; set [vision] model or vision_model"
            return TroubleError(message, Kind(certain=True))
        if status == 429:
            message = f"{name} is too busy for {model} (HTTP 429)"
            return TroubleError(message, Kind(certain=True, passing=True), retry_after=wait)
        if status >= 500 or status == 408:
            message = f"{name} failed for {model} (HTTP {status})"
            return TroubleError(message, Kind(passing=True), retry_after=wait)
        reason = one_line(words_of(answer), MOST_REASON)
        message = (
            f"{name} refuses the request for {model} (HTTP {status}{reason and ': ' + reason})"
        )
        return TroubleError(message, Kind(closes=False, not_taken=status in NOT_TAKEN))


def auth_of(settings: VisionSettings) -> AuthBase | None:
    """What proves who asks: the key, else the user that the address names."""
    if settings.api_key:
        return BearerToken(settings.api_key)
    address = urlsplit(settings.base_url)
    if address.username is not None:
        return HTTPBasicAuth(unquote(address.username), unquote(address.password or ""))
    return None


def words_of(answer: Answer) -> str:
    """An error's own reason."""
    try:
        return reason_of(answer.json())
    except NoJsonError:
        return ""
