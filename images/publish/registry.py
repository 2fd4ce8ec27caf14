"""A registry's own interface, for what an engine can't put there: indexes and attestations.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

Credentials are those of ``docker login``; a registry says itself where its tokens come from:
https://distribution.github.io/distribution/spec/auth/token/
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypedDict
from urllib.parse import urlencode, urljoin, urlsplit

import docker.auth
import requests

from images.errors import ShipError

TIMEOUT_S = 120
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
BYTES = "application/octet-stream"
MANIFESTS = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)
# Docker's own registry is called one thing and answers at another.
DOCKER_HUB = "docker.io"
DOCKER_HUB_HOST = "registry-1.docker.io"
PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Descriptor(TypedDict, total=False):
    """What points to a blob or manifest; ``mediaType``, ``digest`` and ``size`` are always there.

    https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
    """

    mediaType: str
    digest: str
    size: int
    platform: dict[str, str]
    annotations: dict[str, str]
    artifactType: str


def describe(content: bytes, media_type: str) -> Descriptor:
    """The descriptor of some content."""
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def encode(document: Mapping[str, object]) -> bytes:
    """A document as the bytes that its digest is taken of, the same for the same document."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a repository: ``where`` is below it, or a whole address."""

    method: str
    where: str
    content: bytes | None = None
    kind: str = ""  # the content's media type

    @property
    def said(self) -> str:
        """As an error names it: without the state that a registry puts into its addresses."""
        return f"{self.method} {urlsplit(self.where).path}"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """One repository of a registry: ``host[:port]`` and a path. ``secure`` asks over TLS.

    Every call raises ShipError with the registry's reason.
    """

    host: str
    path: str
    secure: bool = True
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    @property
    def name(self) -> str:
        """As a reference begins with it."""
        return f"{self.host}/{self.path}"

    def put_blob(self, content: bytes) -> None:
        """Upload a blob, unless it is there."""
        digest = describe(content, "")["digest"]
        if self._ask(Request(method="HEAD", where=f"blobs/{digest}")) is not None:
            return
        begun = self._must(Request(method="POST", where="blobs/uploads/"))
        address = urljoin(begun.url, begun.headers["Location"])
        address += ("&" if "?" in address else "?") + urlencode({"digest": digest})
        self._must(Request(method="PUT", where=address, content=content, kind=BYTES))

    def put_manifest(self, content: bytes, media_type: str, reference: str | None = None) -> bool:
        """Put a manifest under its digest or a tag; whether the registry lists it as a referrer."""
        reference = reference or describe(content, media_type)["digest"]
        where = f"manifests/{reference}"
        answer = self._must(Request(method="PUT", where=where, content=content, kind=media_type))
        return "OCI-Subject" in answer.headers

    def get_manifest(self, reference: str) -> tuple[bytes, str] | None:
        """A manifest's bytes and media type, by tag or digest; None where it has none."""
        answer = self._ask(Request(method="GET", where=f"manifests/{reference}"))
        if answer is None:
            return None
        return answer.content, answer.headers.get("Content-Type", "").partition(";")[0]

    def get_blob(self, digest: str) -> bytes:
        """A blob's bytes, which are what the digest says."""
        content = self._must(Request(method="GET", where=f"blobs/{digest}")).content
        if describe(content, "")["digest"] != digest:
            raise ShipError(f"{self.name} serves other bytes than {digest}")
        return content

    def _must(self, request: "Request") -> requests.Response:
        answer = self._ask(request)
        if answer is None:
            raise ShipError(f"{self.name} has nothing at {request.said}")
        return answer

    def _ask(self, request: "Request") -> requests.Response | None:
        """The answer; None where there is no such thing."""
        scheme = "https" if self.secure else "http"
        host = DOCKER_HUB_HOST if self.host == DOCKER_HUB else self.host
        base = f"{scheme}://{host}/v2/{self.path}/"
        url = urljoin(base, request.where)
        # Whoever else takes a blob for the registry is shown none of its credentials.
        own = urlsplit(url)[:2] == urlsplit(base)[:2]
        session = self.session if own else requests.Session()
        try:
            answer = _send(session, url, request)
            if own and answer.status_code == HTTPStatus.UNAUTHORIZED:
                self._log_in(answer.headers.get("WWW-Authenticate", ""))
                answer = _send(session, url, request)
        except requests.RequestException as error:
            raise ShipError(f"{self.name} can't be asked: {error}") from error
        if answer.status_code == HTTPStatus.NOT_FOUND and request.method in ("GET", "HEAD"):
            return None
        if not answer.ok:
            raise ShipError(f"{self.name} refuses {request.said}: {_why(answer)}")
        return answer

    def _log_in(self, challenge: str) -> None:
        """Answer a registry's challenge; where it wants a token, fetch that first."""
        kind, _, rest = challenge.partition(" ")
        user, password = _credentials(self.host)
        basic = requests.auth.HTTPBasicAuth(user, password) if user else None
        if kind.lower() != "bearer":
            self.session.auth = basic
            return
        parameters = dict(PARAMETER.findall(rest))
        realm = parameters.pop("realm", "")
        parameters["scope"] = f"repository:{self.path}:pull,push"
        answer = requests.get(realm, params=parameters, auth=basic, timeout=TIMEOUT_S)
        if not answer.ok:
            raise ShipError(f"{self.name}: {realm} gives no token: {_why(answer)}; `docker login`?")
        document = answer.json()
        token = document.get("token") or document.get("access_token")
        self.session.headers["Authorization"] = f"Bearer {token}"


def _send(session: requests.Session, url: str, request: Request) -> requests.Response:
    headers = {"Content-Type": request.kind} if request.kind else {}
    headers["Accept"] = ", ".join((*MANIFESTS, "*/*"))
    return session.request(
        request.method, url, data=request.content, headers=headers, timeout=TIMEOUT_S
    )


def _credentials(host: str) -> tuple[str, str]:
    """User and password of ``docker login``, of its file or its helper; empty without one."""
    # A file of `docker login` has small names, a helper's answer has large ones.
    found = docker.auth.load_config().resolve_authconfig(host) or {}
    known = {name.lower(): str(value) for name, value in found.items()}
    return known.get("username", ""), known.get("password", "")


def _why(answer: requests.Response) -> str:
    """A registry's reason in one line."""
    try:
        errors = answer.json()["errors"]
        words = "; ".join(f"{e['code']} {e.get('message', '')}".strip() for e in errors)
    except (ValueError, KeyError, TypeError):
        words = answer.reason
    return f"{answer.status_code} {words}"
