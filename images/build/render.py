"""Renders the Dockerfiles, and checks that the committed ones are current."""

import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2

from images.catalog import CHECKOUT, Catalog, Universal, Variant, load_catalog
from images.errors import StaleError
from probe.tables.builds import load_table

TEMPLATES = CHECKOUT / "templates"


def rendered_files(catalog: Catalog) -> Iterator[tuple[Path, str]]:
    """Every generated file of ``images/``: its path within the checkout and its text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    common = {
        "base": catalog.base,
        "version": project_version(),
        "description": project()["description"],
        "torch_index": load_table().index_base,
    }
    variants: list[Variant | Universal] = [*catalog.variants.values(), catalog.universal]
    for variant in variants:
        name = f"{variant.name}.Dockerfile.j2"
        text = environment.get_template(name).render(common, template=name, variant=variant)
        yield Path("images", variant.name, "Dockerfile"), text
    name = "sandbox.Dockerfile.j2"
    image = {"name": "sandbox"}
    text = environment.get_template(name).render(common, template=name, image=image)
    yield Path("images/sandbox/Dockerfile"), text


def write(checkout: Path = CHECKOUT) -> list[Path]:
    """Write every generated file below ``checkout``; returns the paths that changed."""
    changed = []
    for path, text in rendered_files(load_catalog()):
        target = checkout / path
        if not target.exists() or target.read_text("utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
            changed.append(path)
    return changed


def check(checkout: Path = CHECKOUT) -> None:
    """Raise a StaleError with a diff if a committed file differs from what is rendered now."""
    differences: list[str] = []
    for path, text in rendered_files(load_catalog()):
        target = checkout / path
        committed = target.read_text("utf-8") if target.exists() else ""
        differences += difflib.unified_diff(
            committed.splitlines(), text.splitlines(), f"{path} (committed)", str(path), lineterm=""
        )
    if differences:
        raise StaleError("run `make render` and commit the result:\n" + "\n".join(differences))


def project_version() -> str:
    """The project's version, from ``pyproject.toml``."""
    return str(project()["version"])


def project() -> dict[str, Any]:
    """The table ``[project]`` of ``pyproject.toml``."""
    table: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    return table
