"""Renders the Dockerfiles, and checks that the committed ones are current."""

import difflib
from collections.abc import Iterator
from pathlib import Path

import jinja2

from images.catalog import (
    CHECKOUT,
    IMAGE_USER,
    Catalog,
    Universal,
    Variant,
    load_catalog,
)
from images.errors import StaleError
from images.project import project
from probe.tables.builds import load_table

TEMPLATES = CHECKOUT / "templates"


def rendered_files(catalog: Catalog, templates: Path = TEMPLATES) -> Iterator[tuple[Path, str]]:
    """Every generated file of ``images/``: its path within the checkout and its text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    common = {
        "base": catalog.base,
        "project": project(),
        "user": IMAGE_USER,
        "torch_index": load_table().index_base,
    }
    variants: list[Variant | Universal] = [*catalog.variants.values(), catalog.universal]
    for variant in variants:
        name = f"{variant.name}.Dockerfile.j2"
        text = environment.get_template(name).render(common, template=name, variant=variant)
        yield Path("images", variant.name, "Dockerfile"), text
    for image in (catalog.sandbox, catalog.postgres):
        name = f"{image.name}.Dockerfile.j2"
        text = environment.get_template(name).render(common, template=name, image=image)
        yield Path("images", image.name, "Dockerfile"), text


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
