"""A package index on loopback with small wheels of its own, for tests of locks and installs."""

import base64
import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

from loopback import listening

VERSION_FILE = """\
__version__ = {version!r}
cuda: Optional[str] = {cuda!r}
hip: Optional[str] = {hip!r}
"""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line for each on the test's output."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
) -> Path:
    """A wheel with a valid RECORD; without ``files`` one module that tells the version."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    contents = {
        **(files if files is not None else {f"{module}.py": f"VERSION = {version!r}\n"}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    wheel = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(entry(path), text)
            value = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            rows.append(f"{path},sha256={value.rstrip(b'=').decode()},{len(text.encode())}")
        archive.writestr(entry(f"{info}/RECORD"), "\n".join([*rows, f"{info}/RECORD,,", ""]))
    return wheel


def entry(path: str) -> zipfile.ZipInfo:
    """A place in a wheel, always of the same time: made again, a wheel has the same digest."""
    return zipfile.ZipInfo(path, (2026, 11, 22, 12, 0, 0))


def sha256(file: Path) -> str:
    """The digest of a file in hex."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def make_torch_wheel(
    folder: Path, version: str, *, cuda: str | None = None, hip: str | None = None
) -> Path:
    """A wheel of torch's name whose version.py says what the arguments say; no code in it."""
    text = VERSION_FILE.format(version=version, cuda=cuda, hip=hip)
    return make_wheel(folder, "torch", version, files={"torch/version.py": text})


def list_wheels(folder: Path) -> None:
    """Write the pages of a simple index for the wheels in ``folder``, with their hashes."""
    links: dict[str, str] = {}
    for wheel in sorted(folder.glob("*.whl")):
        name = wheel.name.split("-")[0].replace("_", "-").lower()
        href = f"../{wheel.name.replace('+', '%2B')}#sha256={sha256(wheel)}"
        links[name] = links.get(name, "<!DOCTYPE html>") + f'<a href="{href}">{wheel.name}</a>\n'
    for name, text in links.items():
        page = folder / name / "index.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(text)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; yields its address."""
    handler = partial(QuietHandler, directory=str(folder))
    with listening(handler) as address:
        yield address
