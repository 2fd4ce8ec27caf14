"""What ``pyproject.toml`` says of the project."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Project:
    """Its version, as image tags have it, and what it is."""

    version: str
    description: str


@cache
def project(checkout: Path = CHECKOUT) -> Project:
    """The project that a checkout holds."""
    table = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    return Project(version=str(table["version"]), description=str(table["description"]))
