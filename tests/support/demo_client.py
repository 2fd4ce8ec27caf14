"""A Mastodon client's view of the running demo stack, and waiting for what it does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from docker.models.containers import Container
from waiting import wait_for

from compose.stack import Project

Json = dict[str, Any]
POLL_S = 0.25  # these requests spend the same rate budget as the bot's own


def output_of(container: Container, *command: str) -> str:
    """What a command in a running container prints; it must succeed."""
    result = container.exec_run(list(command))
    assert isinstance(result.output, bytes), "only a streamed answer comes in pieces"
    text = result.output.decode()
    assert result.exit_code == 0, text
    return text


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The running demo stack, seen as a Mastodon client of its server sees it.

    ``project`` is None for a server that runs without a stack.
    """

    url: str
    session: requests.Session
    project: Project | None = None

    def get(self, path: str, **parameters: str | int) -> Any:
        """GET below the server's root, as JSON."""
        response = self.session.get(f"{self.url}{path}", params=parameters, timeout=10)
        response.raise_for_status()
        return response.json()

    def statuses(self) -> list[Json]:
        """The demo account's statuses, newest first."""
        account = self.get("/api/v1/accounts/verify_credentials")
        found: list[Json] = self.get(f"/api/v1/accounts/{account['id']}/statuses", limit=40)
        return found

    def upload(self, file: Path) -> str:
        """Upload a media file; its id once the server has processed it."""
        with file.open("rb") as stream:
            response = self.session.post(
                f"{self.url}/api/v2/media", files={"file": (file.name, stream)}, timeout=30
            )
        response.raise_for_status()
        media = response.json()
        wait_for(
            lambda: self.get(f"/api/v1/media/{media['id']}")["url"],
            15,
            "the upload",
            every_s=POLL_S,
        )
        return str(media["id"])

    def post(self, **body: object) -> Json:
        """Make a post; the status as the server returns it."""
        response = self.session.post(f"{self.url}/api/v1/statuses", json=body, timeout=10)
        response.raise_for_status()
        status: Json = response.json()
        return status

    def until_described(self, status_id: str, timeout_s: float) -> Json:
        """The status once all its attachments are described."""

        def described() -> Json | None:
            status: Json = self.get(f"/api/v1/statuses/{status_id}")
            return status if all(m["description"] for m in status["media_attachments"]) else None

        what = f"the descriptions of {status_id}"
        return wait_for(described, timeout_s, what, every_s=POLL_S)

    def until_described_at_last(self, status_id: str, timeout_s: float) -> Json:
        """The same of what may take minutes: a public status, asked for once in two seconds and
        without the token, whose rate budget is the bot's."""

        def described() -> Json | None:
            with requests.Session() as anybody:
                anybody.trust_env = False
                response = anybody.get(f"{self.url}/api/v1/statuses/{status_id}", timeout=10)
            response.raise_for_status()
            status: Json = response.json()
            return status if all(m["description"] for m in status["media_attachments"]) else None

        what = f"the descriptions of {status_id}"
        return wait_for(described, timeout_s, what, every_s=2.0)

    def container(self, service: str) -> Container:
        """The container of one service."""
        assert self.project is not None
        found = self.project.container(service)
        assert found is not None, f"there is no container of {service}"
        return found

    def until_healthy(self) -> None:
        """Wait for the bot to load its model."""

        def healthy() -> bool:
            state = self.container("bot").attrs["State"]
            assert state["Status"] == "running", self.container("bot").logs().decode()
            return bool(state["Health"]["Status"] == "healthy")

        wait_for(healthy, 120, "the bot's health", every_s=POLL_S)
