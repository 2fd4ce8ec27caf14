"""A pod's way to its cluster: read a node's labels and write ours, by the pod's service account.

https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
"""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from probe.errors import ProbeError, reason_of
from probe.facts import POD
from probe.foreign_json import as_object
from probe.frozen_record import Record
from probe.nodes.labels import PREFIX

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PORT = "KUBERNETES_SERVICE_PORT"
TIMEOUT_S = 10.0
MOST_BYTES = 8 << 20  # a node that lists its images has a few kB for each
MANIFEST = "deploy/kubernetes/nodes"
# What a node's labels are merged with: null takes one away (RFC 7396).
MERGE = "application/merge-patch+json"


class ApiAwayError(ProbeError):
    """The API server does not answer, or is in trouble of its own: it may be asked again."""


class Cluster(Record):
    """Where the API server is, and how it is asked. ``account`` is read at each question: the
    kubelet replaces the token before it expires."""

    url: str
    account: Path = ACCOUNT

    def label(self, node: str, labels: Mapping[str, str]) -> bool:
        """Give a node these labels and take away others of ours; whether anything was different.

        Raises ``ProbeError`` where that is refused, ``ApiAwayError`` where nobody answers.
        """
        present = self._labels(node)
        # "Gone" are those of what was there before: a card that was taken out.
        gone = {name: None for name in present if name.startswith(PREFIX) and name not in labels}
        changed = {name: value for name, value in labels.items() if present.get(name) != value}
        if not gone and not changed:
            return False
        self._ask(node, {"metadata": {"labels": {**gone, **changed}}})
        return True

    def _labels(self, node: str) -> dict[str, object]:
        metadata = as_object(self._ask(node).get("metadata"))
        return as_object(metadata.get("labels"))

    def _ask(self, node: str, patch: Mapping[str, object] | None = None) -> dict[str, object]:
        """The node's object, patched where there is something to change."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/nodes/{quote(node, safe='')}",
            data=None if patch is None else json.dumps(patch).encode(),
            method="GET" if patch is None else "PATCH",
            headers={"Authorization": f"Bearer {self._token()}", "Accept": "application/json"},
        )
        if patch is not None:
            request.add_header("Content-Type", MERGE)
        try:
            with self._opener().open(request, timeout=TIMEOUT_S) as answer:
                text = answer.read(MOST_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                raise refusal(error.code, node) from error
        except OSError as error:
            reason = getattr(error, "reason", None) or error
            raise ApiAwayError(f"{self.url} does not answer: {reason}") from error
        try:
            return as_object(json.loads(text))
        except ValueError as error:
            raise ApiAwayError(f"{self.url} answers what is no JSON") from error

    def _opener(self) -> urllib.request.OpenerDirector:
        """What opens the address alone: no proxy of the environment, and no redirect, gets the
        token."""
        certificate = self.account / "ca.crt"
        try:
            context = ssl.create_default_context(cafile=certificate)
        except OSError as error:  # an SSLError is one
            raise ProbeError(f"{certificate} can't be read: {error.strerror or error}") from error
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            NoRedirect(),
        )

    def _token(self) -> str:
        path = self.account / "token"
        try:
            return path.read_text("utf-8").strip()
        except OSError as error:
            raise ProbeError(
                f"{path} can't be read: {reason_of(error)}; let the pod mount its service "
                f"account's token (automountServiceAccountToken: true, as {MANIFEST} has it)"
            ) from error


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """An API server sends nobody elsewhere, so a redirect is an error with its number."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def refusal(status: int, node: str) -> ProbeError:
    """What a status of the API server's means for whoever asks about a node."""
    if status == 404:
        return ProbeError(f"the cluster has no node {node!r}; name it by --node, or NODE_NAME")
    if status in (401, 403):
        return ProbeError(
            f"the pod's service account may not read and patch node {node!r} (HTTP {status}); "
            f"apply {MANIFEST}, which has the role for it"
        )
    if status == 429 or status >= 500:
        return ApiAwayError(f"the API server is in trouble (HTTP {status})")
    return ProbeError(f"the API server refuses to patch node {node!r} (HTTP {status})")


def cluster_of(environ: Mapping[str, str], account: Path = ACCOUNT) -> Cluster:
    """The cluster that this process is a pod of. Raises ``ProbeError`` outside of one."""
    host = environ.get(POD)
    if not host:
        raise ProbeError(
            f"--apply works in a pod, and this is none ({POD} is not set); without it the labels "
            f"are printed, for kubectl label node NAME LABEL=VALUE …"
        )
    shown = f"[{host}]" if ":" in host else host
    return Cluster(url=f"https://{shown}:{environ.get(PORT) or 443}", account=account)
