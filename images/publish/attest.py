"""What is attested of an image on an engine, made beside it and kept in files until it is pushed.

An image is asked what it is made of by running it, so that is done on a machine of its platform;
it may be pushed from another. The files of an image stand in a folder named by its id, and are
attached to that very image alone.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from images.contents import bom, spdx
from images.contents.run_in_image import ask
from images.engine.engine import Engine
from images.errors import ShipError
from images.publish.attestations import CYCLONEDX, PROVENANCE, SPDX, Predicate
from images.publish.slsa import provenance

FILES = {SPDX: "bom.spdx.json", CYCLONEDX: "bom.cdx.json", PROVENANCE: "provenance.json"}


def make(engine: Engine, tag: str, environ: Mapping[str, str]) -> list[Predicate]:
    """The bills of materials and the provenance of an image. EngineError where it can't be run."""
    image = engine.inspect(tag)
    tables = bom.package_tables(ask(engine, tag, bom.LIST_PACKAGES))
    documents = {
        SPDX: json.loads(spdx.render(tag, image, tables)),
        CYCLONEDX: json.loads(bom.render(tag, image, tables)),
        PROVENANCE: provenance(image, environ),
    }
    return [Predicate(type=kind, document=document) for kind, document in documents.items()]


def write(folder: Path, image_id: str, predicates: Sequence[Predicate]) -> Path:
    """Keep the predicates of an image in files; the folder that they are in."""
    place = folder / image_id.replace(":", "-")
    place.mkdir(parents=True, exist_ok=True)
    for predicate in predicates:
        text = json.dumps(predicate.document, indent=1) + "\n"
        (place / FILES[predicate.type]).write_text(text, "utf-8")
    return place


def read(folder: Path, image_id: str) -> list[Predicate]:
    """The predicates that were kept of an image. ShipError where one is missing or is no JSON."""
    place = folder / image_id.replace(":", "-")
    try:
        return [
            Predicate(type=kind, document=json.loads((place / name).read_text("utf-8")))
            for kind, name in FILES.items()
        ]
    except (OSError, ValueError) as error:
        raise ShipError(
            f"{place} has no attestations of {image_id} ({error}): `alternator images attest` "
            f"makes them, on a machine of the image's platform"
        ) from error
