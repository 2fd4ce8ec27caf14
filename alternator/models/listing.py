"""The table of ``alternator models list``: what there is, what it needs, what is here."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

from alternator.models import catalog
from alternator.models.dimensions import Dimensions, linear_parameters, parameters
from alternator.models.rate import MB
from alternator.models.store import Kept, State, kept_models

GB = 1_000_000_000
HEAD = ("", "model", "size", "languages", "float32", "float16", "int8", "here")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One model. Sizes are in bytes; ``memory`` is what the weights take, by precision."""

    name: str
    configured: bool
    size: int
    languages: int | None
    memory: dict[str, int]
    state: State
    path: str


def rows(directory: Path, configured: str) -> list[Row]:
    """Every model, and the configured one, whatever it is."""
    found = [row(kept, configured) for kept in kept_models(directory)]
    if not any(one.configured for one in found):
        path = Path(configured).expanduser()
        state: State = "own" if path.exists() else "absent"
        found.append(
            Row(
                name=configured,
                configured=True,
                size=path.stat().st_size if path.is_file() else 0,
                languages=None,
                memory={},
                state=state,
                path=str(path),
            )
        )
    return found


def row(kept: Kept, configured: str) -> Row:
    """One model as the table shows it."""
    model = kept.model
    named = catalog.find(configured)
    is_it = model is named if named else configured in (kept.name, str(kept.path), kept.path.name)
    return Row(
        name=kept.name,
        configured=is_it,
        size=model.size if model else kept.size,
        languages=languages(model.dimensions) if model else None,
        memory=memory(model.dimensions) if model else {},
        state=kept.state,
        path=str(kept.path),
    )


def languages(dimensions: Dimensions) -> int:
    """How many languages a model knows."""
    return dimensions.num_languages if dimensions.is_multilingual else 1


def memory(dimensions: Dimensions) -> dict[str, int]:
    """What the weights take in memory by precision, in bytes; int8 is that of linear layers, the
    rest beside them is float32."""
    every, linear = parameters(dimensions), linear_parameters(dimensions)
    return {"float32": 4 * every, "float16": 2 * every, "int8": linear + 4 * (every - linear)}


def as_json(found: Sequence[Row]) -> str:
    """For programs."""
    return json.dumps([dataclasses.asdict(one) for one in found], indent=2)


def as_table(found: Sequence[Row], directory: Path) -> str:
    """For people."""
    lines = [HEAD, *(cells(one) for one in found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    right = {2, 4, 5, 6}
    table = [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    aliases = [f"{alias} is {one.name}" for one in catalog.models() for alias in one.aliases]
    table += [
        "",
        f"* is the configured one. Models are kept in {directory}; {', '.join(aliases)}.",
        "float32, float16, int8: memory for the weights in that precision; the sound and the text",
        "at work come on top, the more the larger the batch.",
    ]
    return "\n".join(table)


def cells(one: Row) -> tuple[str, ...]:
    """One line of the table."""
    known = {None: "", 1: "English"}.get(one.languages, f"{one.languages}")
    return (
        "*" if one.configured else " ",
        one.name,
        amount(one.size),
        known,
        *(amount(one.memory.get(precision, 0)) for precision in ("float32", "float16", "int8")),
        in_words(one),
    )


def in_words(one: Row) -> str:
    """How much of it is here."""
    match one.state:
        case "whole":
            return "yes"
        case "unverified":
            return "yes, not verified yet"
        case "own":
            return "yes, your own"
        case "partial":
            return "begun"
        case "absent":
            return "no"
    assert_never(one.state)


def amount(size: int) -> str:
    """A size as people read it."""
    if not size:
        return ""
    return f"{size / GB:.1f} GB" if size >= GB else f"{size / MB:.0f} MB"
