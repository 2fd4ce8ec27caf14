"""A Mastodon server that runs inside a test; ``sandbox.server`` shows its use and has it too."""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from sandbox.app import create_app
from sandbox.control.faults import Fault, FaultFields
from sandbox.control.request_log import LoggedRequest
from sandbox.model import entities
from sandbox.model.records import TOKENS, Profile
from sandbox.model.sandbox import Sandbox
from sandbox.model.serialize import Serializer
from sandbox.model.status_params import EditFields, PostFields, edit_params, post_params
from sandbox.model.streams import Way
from sandbox.model.uploads import UploadParams
from sandbox.params import Params
from sandbox.serving import AppServer
from sandbox.settings import Settings


class SandboxServer(AppServer):
    """A sandbox server in this process, on a free port, with a folder of its own."""

    token = "sandbox"

    def __init__(
        self, *, data: Path | None = None, port: int = 0, settings: Settings | None = None
    ) -> None:
        self.cleanup = ExitStack()
        if data is None:
            data = Path(self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        super().__init__(create_app(data, settings), port=port)
        self.sandbox: Sandbox = self.app.state.sandbox

    def __exit__(self, *_: object) -> None:
        """Stop, and delete the folder if it was a temporary one."""
        self.sandbox.hub.drop()
        super().__exit__()
        self.cleanup.close()

    def upload(self, file: Path, *, description: str | None = None, token: str = token) -> str:
        """Upload a file, processed at once; returns its id."""
        upload = UploadParams(name=file.name, content=file.read_bytes(), description=description)
        attachment = self.sandbox.uploads.accept(TOKENS[token].account, upload)
        return self.sandbox.uploads.finish(attachment).id

    def post(
        self,
        text: str = "",
        *,
        files: Sequence[Path] = (),
        descriptions: Sequence[str | None] = (),
        token: str = token,
        **fields: Unpack[PostFields],
    ) -> entities.Status:
        """Post a status as if its author had; returns the Status entity.

        ``descriptions`` belong to ``files`` in their order. ``fields`` are those of
        ``POST /api/v1/statuses``: spoiler_text, sensitive, language, visibility, poll, …
        """
        padded = [*descriptions, *[None] * len(files)]
        media_ids = [
            self.upload(file, description=description, token=token)
            for file, description in zip(files, padded, strict=False)
        ]
        params = Params(values={"status": text, "media_ids": media_ids, **fields})
        status = self.sandbox.posting.create(TOKENS[token].account, post_params(params))
        return self.status(status.id)

    def edit(
        self, status_id: str, *, token: str = token, **fields: Unpack[EditFields]
    ) -> entities.Status:
        """Edit a status as if its author had, with the fields of ``PUT /api/v1/statuses/:id``.

        What is left out is removed.
        """
        account = TOKENS[token].account
        status = self.sandbox.store.own_status(status_id, account)
        params = edit_params(Params(values={**fields}))
        self.sandbox.posting.edit(status, account, params)
        return self.status(status_id)

    def describe(
        self, status_id: str, descriptions: Sequence[str | None], *, token: str = token
    ) -> entities.Status:
        """Describe a status's attachments, in their order, and leave all else as it is."""
        status = self.sandbox.store.status(status_id)
        return self.edit(
            status_id,
            token=token,
            status=status.text,
            spoiler_text=status.spoiler_text,
            sensitive=status.sensitive,
            language=status.language,
            media_ids=list(status.media_ids),
            media_attributes=[
                {"id": media_id, "description": description}
                for media_id, description in zip(status.media_ids, descriptions, strict=True)
            ],
        )

    def lose_source(self, status_id: str) -> None:
        """Leave nothing but its HTML of a status, as of posts from before edits on Akkoma."""
        status = self.sandbox.store.status(status_id)
        self.sandbox.store.keep(replace(status, has_source=False))

    def delete(self, status_id: str) -> None:
        """Delete a status as if its author had."""
        self.sandbox.posting.delete(self.sandbox.store.status(status_id))

    def boost(self, status_id: str, *, token: str = token) -> entities.Status:
        """Boost a status."""
        original = self.sandbox.store.status(status_id)
        boost = self.sandbox.posting.boost(original, TOKENS[token].account)
        return self.status(boost.id)

    def favourite(self, status_id: str, *, token: str = token, likes: bool = True) -> None:
        """Favourite a status, or take that back."""
        status = self.sandbox.store.status(status_id)
        self.sandbox.posting.favourite(status, TOKENS[token].account, likes=likes)

    def say_of_self(
        self, note: str, fields: Sequence[tuple[str, str]] = (), *, token: str = token
    ) -> None:
        """Let an account say this of itself in its profile."""
        profile = Profile(note=note, fields=tuple(fields))
        self.sandbox.store.profiles[TOKENS[token].account.id] = profile

    def follow(self, who: str, whom: str, *, follows: bool = True) -> None:
        """Let the account of one token follow that of another, or no longer."""
        social = self.sandbox.posting.social
        social.follow(TOKENS[who].account, TOKENS[whom].account, follows=follows)

    def replies(self, status_id: str) -> list[entities.Status]:
        """The direct answers to a status, oldest first."""
        return [self.status(reply.id) for reply in self.sandbox.store.replies_to(status_id)]

    def status(self, status_id: str) -> entities.Status:
        """The Status entity as it stands now."""
        serializer = Serializer(self.sandbox.store, self.url, self.sandbox.settings.dialect)
        with self.sandbox.store.lock:
            return serializer.status(self.sandbox.store.status(status_id))

    def statuses(self) -> list[entities.Status]:
        """All Status entities, newest first."""
        return [self.status(status.id) for status in self.sandbox.store.newest_first()]

    def descriptions(self, status_id: str) -> list[str | None]:
        """The descriptions of a status's attachments, in their order."""
        return [a["description"] for a in self.status(status_id)["media_attachments"]]

    def wait_until_described(self, status_id: str, *, seconds: float = 20.0) -> list[str]:
        """Wait until every attachment of a status has a description, and return them.

        Raises:
            TimeoutError: with what was there by then.
        """
        until = time.monotonic() + seconds
        while True:
            descriptions = self.descriptions(status_id)
            found = [description for description in descriptions if description]
            if len(found) == len(descriptions):
                return found
            if time.monotonic() > until:
                raise TimeoutError(f"status {status_id} after {seconds:g} s: {descriptions}")
            time.sleep(0.02)

    def requests(self, method: str | None = None, path: str | None = None) -> list[LoggedRequest]:
        """The request log, oldest first; ``path`` is a glob."""
        return self.sandbox.request_log.find(method, path)

    def fail(self, path: str, **fields: Unpack[FaultFields]) -> Fault:
        """Let requests fail; ``fields`` are those of ``sandbox.control.faults.Fault``."""
        return self.sandbox.faults.add(Fault(path=path, **fields))

    def set_streaming(self, enabled: bool) -> None:
        """Turn streaming on or off for new connections."""
        self.sandbox.switches.streaming = enabled

    def drop_streams(self) -> int:
        """Cut all open streams; returns how many there were."""
        return self.sandbox.hub.drop()

    def mute_streams(self) -> int:
        """Leave all open streams open and silent; returns how many there are."""
        return self.sandbox.hub.mute()

    def silence_streams(self, *ways: Way) -> None:
        """From now on new streams of these ways open and never say anything; of the others, do."""
        self.sandbox.hub.silent = frozenset(ways)

    def deafen_streams(self, *ways: Way) -> None:
        """From now on new streams of these ways live and have no events; of the others, do."""
        self.sandbox.hub.deaf = frozenset(ways)

    def open_streams(self) -> int:
        """How many streams are open."""
        return len(self.sandbox.hub.streams)

    def exhaust_rate_limit(self, seconds: float, token: str = token) -> None:
        """Answer 429 to this token for so many seconds."""
        self.sandbox.limits.exhaust(f"Bearer {token}", seconds)

    def reset(self) -> None:
        """As on the first day: no posts, no faults, an empty request log."""
        self.sandbox.reset()
