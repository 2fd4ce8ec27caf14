"""The build of torch that this image holds, after a look at whether it really does."""

from collections.abc import Mapping

from probe.decide.choice import ImageBuild
from probe.errors import ProbeError
from probe.machine.image_record import PATH, ImageRecord, record_path
from probe.prove.installed_torch import wrong_build


def image_build(record: ImageRecord, environ: Mapping[str, str]) -> ImageBuild | None:
    """What the image holds; None for the universal one, which holds whatever it installs.

    Raises ``ProbeError`` where the installed torch is another one than the record's.
    """
    if record.variant == "universal":
        return None
    # A file that somebody named elsewhere speaks of a torch that is elsewhere.
    is_own = record_path(environ) == PATH
    problem = wrong_build(record.variant, record.torch, record.wheel) if is_own else None
    if problem:
        raise ProbeError(
            f"this image is not what it says: {problem}; build it again (make images) or pull it "
            f"again"
        )
    return ImageBuild(variant=record.variant, torch=record.torch, wheel=record.wheel)
