"""Facts and the table in, choice out: a walk over the table in order, by rules only.

NVIDIA before AMD where both are usable; in a vendor the most useful card decides; for that card
the catalog's line of torch and in it the newest build that fits, else the newest older line that
has one; else the CPU. Nothing here reads a file or a variable, and no product has a name here.
"""

from collections.abc import Iterator

from probe.decide.advice import advise
from probe.decide.choice import Choice, ImageBuild, Rejected, Selection, Situation
from probe.decide.fit import misfit
from probe.decide.overrides import Overrides, Wanted
from probe.decide.selection import select_cpu, select_gpu, usefulness
from probe.errors import OverrideError, ProbeError
from probe.facts import BACKENDS, Backend, Facts, Gpu, Vendor
from probe.frozen_record import replace
from probe.tables.builds import Build, Table, line_of

VENDORS: dict[Wanted, tuple[Vendor, ...]] = {
    "auto": ("nvidia", "amd", "apple"),
    "gpu": ("nvidia", "amd"),
    "cuda": ("nvidia",),
    "rocm": ("amd",),
    "mps": ("apple",),
    "cpu": (),
}


def choose(
    facts: Facts,
    table: Table,
    overrides: Overrides | None = None,
    image: ImageBuild | None = None,
) -> Choice:
    """Choose for these facts; inside an image, between its one build and the CPU.

    Raises ``OverrideError`` if what the operator asked for can't work here.
    """
    wanted = overrides or Overrides()
    if wanted.line is not None and wanted.line not in table.lines():
        raise OverrideError(
            f"--torch {wanted.torch}: not in the table of builds; it has {', '.join(table.lines())}"
        )
    selection, rejected = _walk(facts, table, wanted, wanted.line, image)
    choice = Choice(selection=selection, rejected=rejected)
    # In an image, what the whole table would have given tells which image suits the machine.
    best = _walk(facts, table, wanted, None, None)[0] if image or wanted.line else selection
    usable = usable_gpus(facts)
    situation = Situation(
        facts=facts,
        table=table,
        wanted=wanted,
        usable=usable,
        candidates=tuple(gpu for gpu in usable if gpu.vendor in VENDORS[wanted.backend]),
    )
    advice = advise(situation, choice, best if image else selection)
    if selection.backend == "cpu" and wanted.backend not in ("auto", "cpu"):
        raise OverrideError(f"{wanted.source} can't work here: {_obstacle(wanted, advice, image)}")
    if selection.backend == "cpu" and best.backend != "cpu" and wanted.line is not None:
        raise OverrideError(f"--torch {wanted.torch} can't work here: {'; '.join(advice)}")
    return replace(choice, advice=advice)


def _walk(
    facts: Facts, table: Table, wanted: Overrides, line: str | None, image: ImageBuild | None
) -> tuple[Selection, tuple[Rejected, ...]]:
    """The first build that fits the most useful card it can, with those passed over before."""
    rejected: dict[Rejected, None] = {}
    usable = usable_gpus(facts)
    for vendor in VENDORS[wanted.backend]:
        for gpu in sorted((g for g in usable if g.vendor == vendor), key=usefulness):
            for build in _builds(table, BACKENDS[vendor], line, image):
                why = _passed_over(build, gpu, facts, table, line, image)
                if why is None:
                    selection = select_gpu(build, gpu, usable, facts, table)
                    return selection, tuple(rejected)
                rejected.setdefault(Rejected(wheel=build.wheel, why=why))
    if image is not None:
        selection = select_cpu(build_of_image(table, image), image.variant)
    else:
        selection = select_cpu(table.of_line(line or table.catalog, "cpu")[0])
    return selection, tuple(rejected)


def _obstacle(wanted: Overrides, advice: tuple[str, ...], image: ImageBuild | None) -> str:
    backends = [BACKENDS[vendor] for vendor in VENDORS[wanted.backend]]
    if image is not None and image.variant not in backends:
        return (
            f"this image holds torch {image.torch} {image.wheel}; use the {backends[0]} image "
            f"(make images VARIANT={backends[0]}) or unset it"
        )
    return "; ".join(advice) or f"no {' or '.join(backends)} GPU was found; unset it to use the CPU"


def usable_gpus(facts: Facts) -> tuple[Gpu, ...]:
    """The GPUs that a container started from here can use.

    On a host, a node that only this user may not open is no obstacle: the container gets the
    node's group by number.
    """
    return tuple(
        gpu
        for gpu in facts.gpus
        if gpu.state in ("accessible", "proven") or (gpu.denied and not facts.host.container)
    )


def _builds(
    table: Table, backend: Backend, line: str | None, image: ImageBuild | None
) -> Iterator[Build]:
    if image is None:
        for candidate in table.walk(line):
            # On macOS the one wheel of a line serves CPU and Metal.
            yield from table.of_line(candidate, "cpu" if backend == "mps" else backend)
    elif image.variant == backend:
        yield build_of_image(table, image)


def build_of_image(table: Table, image: ImageBuild) -> Build:
    """The table's entry for an image's build. Raises ``ProbeError`` if it has none."""
    build = table.find(line_of(image.torch), image.wheel)
    if build is None:
        raise ProbeError(
            f"this image says it holds torch {image.torch} {image.wheel}, which the table of "
            f"builds lacks; build the image again (make images)"
        )
    return build


def _passed_over(
    build: Build,
    gpu: Gpu,
    facts: Facts,
    table: Table,
    line: str | None,
    image: ImageBuild | None,
) -> str | None:
    """Why a build is not taken for a GPU. What is asked for by line, or built in, may be old."""
    why = misfit(build, gpu, facts.host, table)
    if image is not None:
        # What is built in is tried where something is not known: the proof has the last word.
        known = gpu.gfx or (gpu.compute_capability and gpu.driver)
        return why if known else None
    if why is None and build.experimental:
        return f"experimental for torch {build.line}"
    if why is None and build.retired and line is None:
        return f"{build.retired}; --torch {build.line} takes it"
    return why
