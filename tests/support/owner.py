"""The owner of a sandbox's account before the page that asks: a browser without a screen."""

import threading
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

TIMEOUT_SECONDS = 10


def answer(
    address: str, *, allow: bool = True, user: str = "demo", follow: bool = True
) -> requests.Response:
    """Look at the page, press a button, and go where that leads, unless ``follow`` is False."""
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(address, timeout=TIMEOUT_SECONDS)
        if page.status_code != 200:
            return page
        parts = urlsplit(address)
        fields = dict(parse_qsl(parts.query)) | {"allow": "1" if allow else "0", "user": user}
        return session.post(
            f"{parts.scheme}://{parts.netloc}{parts.path}",
            data=fields,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=follow,
        )


def browser(*, allow: bool = True, user: str = "demo") -> Callable[[str], bool]:
    """What opens an address, as ``webbrowser.open`` does: at once, and elsewhere."""

    def open_address(address: str) -> bool:
        threading.Thread(
            target=answer, args=(address,), kwargs={"allow": allow, "user": user}, daemon=True
        ).start()
        return True

    return open_address


def token_of(user: str, url: str) -> str:
    """One that an owner gives a client, which may read and write for the account."""
    app = {"client_name": "A client", "redirect_uris": f"{url}/back", "scopes": "read write"}
    with requests.Session() as session:
        session.trust_env = False
        known = session.post(f"{url}/api/v1/apps", data=app, timeout=TIMEOUT_SECONDS).json()
        asked = {
            "client_id": known["client_id"],
            "redirect_uri": app["redirect_uris"],
            "response_type": "code",
            "scope": app["scopes"],
        }
        back = answer(f"{url}/oauth/authorize?{urlencode(asked)}", user=user, follow=False)
        granted = {
            **{key: known[key] for key in ("client_id", "client_secret")},
            "redirect_uri": app["redirect_uris"],
            "grant_type": "authorization_code",
            "code": dict(parse_qsl(urlsplit(back.headers["Location"]).query))["code"],
        }
        given = session.post(f"{url}/oauth/token", data=granted, timeout=TIMEOUT_SECONDS)
        return str(given.json()["access_token"])


def code_on(page: requests.Response) -> str:
    """The code that a page shows."""
    return page.text.partition('<code id="code">')[2].partition("<")[0]
