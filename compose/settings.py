"""Puts what is handed to the bot into a volume of its stack, readable for the bot's user alone.

The container's user is one number whatever a file's owner or mode is on this machine. Through the
engine it works as well where a bind mount does not: an engine on another machine, a home that root
may not enter (NFS), users that are mapped to others (rootless engines, userns-remap), SELinux.
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from compose.errors import ComposeError
from images.catalog import IMAGE_USER
from images.engine.engine import Engine
from probe.report.snippet_settings import STATE

USER_VARIABLE = "ALTERNATOR_USER"
DIGEST_VARIABLE = "ALTERNATOR_SETTINGS"  # a change of it has Compose make the container anew
SETTINGS = "/etc/alternator"
# The bot's (alternator/store/opening.py), which compose imports nothing of; a test compares them.
STATE_FILE = "state.sqlite3"


def place(engine: Engine, project: str, image: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """Put ``files`` into the project's volume; the variables that settings.yaml takes.

    Their owner, and the container's user, is who owns the bot's memory, if there is one already:
    earlier versions ran as the configuration's owner. ComposeError where that can't work.
    """
    asked = engine.environ.get(USER_VARIABLE, "")
    try:
        with _helper(engine, project, image) as helper:
            user = choose_user(asked, _owner(helper), f"{project}_state", image)
            helper.put_archive(SETTINGS, archive(files, user))
    except DockerException as error:
        raise ComposeError(f"the engine does not take the bot's settings: {error}") from error
    return {USER_VARIABLE: user, DIGEST_VARIABLE: digest(files)}


def choose_user(asked: str, owner: tuple[int, int] | None, volume: str, image: str) -> str:
    """The ``uid:gid`` of the bot; ``asked`` is what the operator said, ``owner`` the memory's."""
    wanted = asked or IMAGE_USER
    uid, _, gid = wanted.partition(":")
    if not uid.isdecimal() or not (gid or uid).isdecimal() or int(uid) == 0:
        raise ComposeError(
            f"{USER_VARIABLE}={asked} is no user for the bot: two numbers such as {IMAGE_USER}, "
            f"and not root's"
        )
    if owner is None or owner[0] == int(uid):
        return f"{uid}:{gid or uid}"
    if owner[0] != 0 and not asked:
        return f"{owner[0]}:{owner[1]}"
    raise ComposeError(
        f"the bot's memory in the volume {volume} belongs to user {owner[0]}, and the bot runs as "
        f"user {uid}. Type\n"
        f"    docker run --rm --user 0 --entrypoint chown --volume {volume}:{STATE} {image} "
        f"-R {uid}:{gid or uid} {STATE}\n"
        f"and run this command again."
    )


def archive(files: Mapping[str, bytes], user: str) -> bytes:
    """The files as a tar, each for ``user`` alone."""
    uid, gid = map(int, user.split(":"))
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size, entry.uid, entry.gid = 0o400, len(data), uid, gid
            tar.addfile(entry, io.BytesIO(data))
    return content.getvalue()


def digest(files: Mapping[str, bytes]) -> str:
    """A short text that changes with the files."""
    known = hashlib.sha256()
    for name, data in sorted(files.items()):
        known.update(f"{name} {len(data)}\n".encode() + data)
    return known.hexdigest()[:16]


@contextmanager
def _helper(engine: Engine, project: str, image: str) -> Iterator[Container]:
    """A container that is never started and has both volumes, for the time of a block."""
    client = engine.client
    volume = f"{project}_settings"
    # Compose takes a volume for its own by these, and removes it with the others (`down`):
    # https://github.com/docker/compose/blob/v2.26.1/pkg/api/labels.go
    labels = {"com.docker.compose.project": project, "com.docker.compose.volume": "settings"}
    client.volumes.create(volume, labels=labels)
    mounts = {f"{project}_state": STATE}
    known = [name for name in mounts if _exists(engine, name)]
    helper = client.containers.create(
        image,
        ["true"],
        network_disabled=True,
        volumes=[f"{volume}:{SETTINGS}", *(f"{name}:{mounts[name]}" for name in known)],
    )
    try:
        yield helper
    finally:
        helper.remove(v=True, force=True)


def _exists(engine: Engine, volume: str) -> bool:
    """Whether the volume is there. One that is not is left to Compose, which names it its own."""
    try:
        engine.client.volumes.get(volume)
    except NotFound:
        return False
    return True


def _owner(helper: Container) -> tuple[int, int] | None:
    """Who owns the state file, by the numbers that hold inside; None where there is none."""
    try:
        stream, _ = helper.get_archive(f"{STATE}/{STATE_FILE}")
    except NotFound:
        return None
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) >= tarfile.BLOCKSIZE:
            break
    entry = tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    return entry.uid, entry.gid
