"""A foreign distribution that brings speech engines, as somebody else's package would."""

from pathlib import Path

import pytest


def install(
    site: Path, monkeypatch: pytest.MonkeyPatch, package: str, code: str, engines: dict[str, str]
) -> None:
    """Put ``package``, of one module, into the folder ``site``, on the path of this process and of
    those that it starts. ``engines``: of each name the entry point that makes it."""
    metadata = site / f"{package}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / f"{package}.py").write_text(code)
    name = package.replace("_", "-")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = ["[alternator.engines]", *(f"{one} = {what}" for one, what in engines.items()), ""]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
