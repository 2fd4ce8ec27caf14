"""``/opt/alternator/variant.json``: what the build wrote down about the image that it made.

The one reader of that file. Whether the image really holds what it says is another question
(``probe.prove.image_build``).
"""

import os
from collections.abc import Mapping
from typing import Literal, get_args

from probe.errors import ProbeError
from probe.frozen_record import Record
from probe.machine.variables import VARIANT_FILE

PATH = "/opt/alternator/variant.json"

Variant = Literal["cpu", "cuda", "rocm", "universal"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)


class ImageRecord(Record):
    """The image's variant, and its torch: both empty in the universal image, which has none."""

    variant: Variant
    torch: str = ""
    wheel: str = ""


def record_path(environ: Mapping[str, str]) -> str:
    """Where the file is."""
    return environ.get(VARIANT_FILE) or PATH


def find_image_record(environ: Mapping[str, str]) -> ImageRecord | None:
    """The record; None outside of images. Raises ``ProbeError`` for a file that says nothing."""
    return read_image_record(environ) if os.path.exists(record_path(environ)) else None


def read_image_record(environ: Mapping[str, str]) -> ImageRecord:
    """The record. Raises ``ProbeError`` if the file is not there or does not say."""
    import json  # a start outside of images has no such file

    path = record_path(environ)
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        named = data["variant"]
        if named == "universal":
            return ImageRecord(variant="universal")
        torch, wheel = data["torch"], data["wheel"]
        if not (isinstance(torch, str) and isinstance(wheel, str)):
            raise TypeError("no text")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProbeError(
            f"{path} does not say which torch this image holds ({type(error).__name__}); build "
            f"the image again (make images) or name the file in {VARIANT_FILE}"
        ) from error
    variant = next((known for known in VARIANTS if known == named), None)
    if variant is None:
        raise ProbeError(f"{path}: {named!r} is none of {', '.join(VARIANTS)}")
    return ImageRecord(variant=variant, torch=torch, wheel=wheel)
