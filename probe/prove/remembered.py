"""Remembers the proof's verdicts in the state directory, so that a restart need not prove again.

A verdict holds for one driver, build, device, image and boot; with any of them changed there is
none. A failure is remembered only if it would come again (a crash, a wrong result): a GPU whose
memory was taken, or a proof that was too slow once, is proven anew.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from probe.decide.choice import Selection
from probe.facts import Gpu
from probe.machine.files import Tree
from probe.machine.variables import IMAGE_ID
from probe.prove.run_child import Verdict, verdict_from_json, verdict_to_json

FILE = "proof.json"
BOOT = "/proc/sys/kernel/random/boot_id"
KEPT = 32  # verdicts; the oldest go first


class Verdicts:
    """The verdicts in one directory; without a directory nothing is remembered."""

    def __init__(self, directory: str | None, image: str) -> None:
        self.path = Path(directory) / FILE if directory else None
        self.image = image
        self.boot = (Tree().read(BOOT) or "").strip()

    def key(self, gpu: Gpu, selection: Selection) -> str:
        """What a verdict depends on, as one digest."""
        parts = (
            *(gpu.vendor, gpu.uuid or f"{gpu.name} {gpu.index}", gpu.driver),
            *(selection.torch, selection.wheel, selection.device, sorted(selection.env.items())),
            *(self.image, self.boot),
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def find(self, gpu: Gpu, selection: Selection) -> Verdict | None:
        """The verdict on this GPU by this build, or None."""
        return verdict_from_json(self._read().get(self.key(gpu, selection)))

    def remember(self, gpu: Gpu, selection: Selection, verdict: Verdict) -> None:
        """Keep a verdict; a directory that can't be written only costs the next proof."""
        if self.path is None or not verdict.worth_keeping:
            return
        kept = self._read()
        kept.pop(self.key(gpu, selection), None)
        kept[self.key(gpu, selection)] = verdict_to_json(verdict)
        kept = dict(list(kept.items())[-KEPT:])
        with suppress(OSError):
            unfinished = self.path.with_suffix(".json.new")
            unfinished.write_text(json.dumps(kept, indent=1), encoding="utf-8")
            unfinished.replace(self.path)

    def _read(self) -> dict[str, object]:
        if self.path is None:
            return {}
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}


def image_id(environ: Mapping[str, str], variant_file: str) -> str:
    """What tells this image from the next one: the file that it was built with.

    Nothing inside a container names its image; this file is written by the build, so its content
    and time change with it. A site may set ``ALTERNATOR_IMAGE_ID`` instead.
    """
    given = environ.get(IMAGE_ID)
    if given:
        return given
    path = Path(variant_file)
    try:
        return f"{path.read_text(encoding='utf-8')} {path.stat().st_mtime_ns}"
    except (OSError, ValueError):
        return ""
