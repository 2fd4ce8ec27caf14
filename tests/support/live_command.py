"""``alternator transcribe --live`` as a process of its own, and what it says."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SPOKEN = ("This is a test of the caption bot.", "Captions help everyone understand.")


class Live:
    """The command; ``said`` are the lines of its output so far."""

    def __init__(self, folder: Path, checkpoint: Path, source: str = "-", **more: object) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if "ALTERNATOR" not in name}
        kept |= {"XDG_CONFIG_HOME": str(folder), "TMPDIR": str(folder)}
        kept |= {name: str(value) for name, value in more.items()}
        command = [sys.executable, "-m", "alternator", "transcribe", "--live", source]
        self.process = subprocess.Popen(
            [*command, "--model", str(checkpoint)],
            cwd=folder,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.said: list[str] = []
        self.complained: list[str] = []
        assert self.process.stdout is not None and self.process.stderr is not None
        streams = ((self.process.stdout, self.said), (self.process.stderr, self.complained))
        self._readers = [
            threading.Thread(target=lambda s=s, t=t: t.extend(x.decode().rstrip() for x in s))
            for s, t in streams
        ]
        for reader in self._readers:
            reader.start()

    def feed(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end(self) -> int:
        """Its exit code; nothing of it is left."""
        code = self.process.wait(60)
        for reader in self._readers:
            reader.join(10)
        assert [path.name for path in self.folder.iterdir() if path.name.startswith("alter")] == []
        return code


@contextmanager
def live(folder: Path, checkpoint: Path, source: str = "-", **more: object) -> Iterator[Live]:
    found = Live(folder, checkpoint, source, **more)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        assert found.process.stdin is not None
        found.process.stdin.close()
        try:
            found.end()
        finally:
            # Left to the garbage collector they would fail some other test.
            for stream in (found.process.stdout, found.process.stderr):
                assert stream is not None
                stream.close()
