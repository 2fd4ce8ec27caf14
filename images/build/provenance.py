"""Where an image comes from: commit, time and address of the checkout, asked of git."""

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from images.catalog import CHECKOUT

# The first day that a zip file can tell, which our own layers have too (images/scripts/layers).
EARLIEST = 315532800  # 1980-01-01 in seconds since 1970


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The same for every build of one commit. ``epoch`` is in seconds since 1970."""

    revision: str
    epoch: int
    source: str

    def build_arguments(self) -> dict[str, str]:
        """What the Dockerfiles' labels are filled with."""
        return {
            "REVISION": self.revision,
            "CREATED": timestamp(self.epoch),
            "SOURCE": self.source,
            # A newer BuildKit settles the configuration by itself when it is told this:
            # https://github.com/moby/buildkit/blob/master/docs/build-repro.md
            "SOURCE_DATE_EPOCH": str(self.epoch),
        }


def read_provenance(epoch: int | None = None, checkout: Path = CHECKOUT) -> Provenance:
    """That of a checkout; ``epoch`` takes the place of the commit's time. 1980 without git."""
    if epoch is None:
        committed = _git(checkout, "log", "-1", "--format=%ct")
        epoch = int(committed) if committed.isdecimal() else EARLIEST
    # Without credentials.
    source = re.sub(r"//[^/@]*@", "//", _git(checkout, "config", "--get", "remote.origin.url"))
    return Provenance(revision=revision(checkout), epoch=epoch, source=source or "unknown")


def revision(checkout: Path = CHECKOUT) -> str:
    """The checkout's commit, ``-dirty`` where files differ from it; ``unknown`` without git."""
    found = _git(checkout, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    return found or "unknown"


def timestamp(epoch: int) -> str:
    """Seconds since 1970 as the time format of image configurations (RFC 3339)."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _git(checkout: Path, *arguments: str) -> str:
    """What git prints; nothing where there is no git or no repository."""
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=checkout, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
