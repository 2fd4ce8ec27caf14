"""Facts and the table in, choice out: a walk over the table in order, by rules only.

NVIDIA before AMD where both are usable; in a vendor the most useful card decides; for that card
the catalog's line of torch and in it the newest build that fits, else the newest older line that
has one; else the CPU. Nothing here reads a file or a variable, and no product has a name here.
"""

from collections.abc import Iterable, Iterator, Sequence

from probe.decide.advice import advise
from probe.decide.choice import Choice, ImageBuild, Question, Rejected, Selection
from probe.decide.fit import misfit
from probe.decide.overrides import Overrides
from probe.decide.selection import select_cpu, select_gpu, usefulness
from probe.errors import OverrideError, ProbeError
from probe.facts import BACKENDS, Backend, Facts, Gpu
from probe.finding import Advice, Finding
from probe.findings.builds import Experimental, Retired
from probe.frozen_record import replace
from probe.tables.builds import Build, Table, line_of


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
    question = Question(facts=facts, table=table, wanted=wanted, image=image, line=wanted.line)
    selection, rejected = _walk(question)
    choice = Choice(selection=selection, rejected=rejected)
    # In an image, what the whole table would have given tells which image suits the machine.
    free = replace(question, image=None, line=None)
    best = _walk(free)[0] if image or wanted.line else selection
    advice = advise(question, choice, best if image else selection)
    if selection.backend == "cpu" and wanted.backend not in ("auto", "cpu"):
        raise OverrideError(f"{wanted.source} can't work here: {_obstacle(question, advice)}")
    if selection.backend == "cpu" and best.backend != "cpu" and wanted.line is not None:
        said = _sentences(advice, facts)
        raise OverrideError(f"--torch {wanted.torch} can't work here: {said}")
    return replace(choice, advice=advice)


def _walk(question: Question) -> tuple[Selection, tuple[Rejected, ...]]:
    """The first build that fits the most useful card it can, with those passed over before."""
    rejected: dict[Rejected, None] = {}
    usable, table, image = question.usable, question.table, question.image
    for vendor in question.vendors:
        for gpu in sorted((g for g in usable if g.vendor == vendor), key=usefulness):
            card = _card(gpu, question.facts)
            for build in _builds(question, BACKENDS[vendor]):
                why = _passed_over(build, gpu, question)
                if why is None:
                    return select_gpu(build, gpu, question), _without(card, rejected)
                rejected.setdefault(Rejected(wheel=build.wheel, why=why, card=card))
    if image is not None:
        selection = select_cpu(build_of_image(table, image), image.variant)
    else:
        selection = select_cpu(table.of_line(question.line or table.catalog, "cpu")[0])
    return selection, tuple(rejected)


def _card(gpu: Gpu, facts: Facts) -> str | None:
    """What tells the card from the machine's others; None where all of them are of one kind."""
    kinds = {(other.name, other.gfx, other.compute_capability) for other in facts.gpus}
    if len(kinds) == 1:
        return None
    alone = sum(name == gpu.name for name, _, _ in kinds) == 1
    return gpu.name if alone else f"{gpu.name} {gpu.index}"


def _without(card: str | None, rejected: Iterable[Rejected]) -> tuple[Rejected, ...]:
    """The same, with no name at what was passed over for the chosen card."""
    return tuple(replace(entry, card=None) if entry.card == card else entry for entry in rejected)


def _obstacle(question: Question, advice: Sequence[Advice]) -> str:
    """Why what was asked for can't work, in words."""
    backends, image = [BACKENDS[vendor] for vendor in question.vendors], question.image
    if image is not None and image.variant not in backends:
        return (
            f"this image holds torch {image.torch} {image.wheel}; use the {backends[0]} image "
            f"(make images VARIANT={backends[0]}) or unset it"
        )
    nothing = f"no {' or '.join(backends)} GPU was found; unset it to use the CPU"
    return _sentences(advice, question.facts) or nothing


def _sentences(advice: Sequence[Advice], facts: Facts) -> str:
    return "; ".join(entry.text(facts.host.place) for entry in advice)


def _builds(question: Question, backend: Backend) -> Iterator[Build]:
    table, image = question.table, question.image
    if image is None:
        for candidate in table.walk(question.line):
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


def _passed_over(build: Build, gpu: Gpu, question: Question) -> Finding | None:
    """Why a build is not taken for a GPU. What is asked for by line, or built in, may be old."""
    why = misfit(build, gpu, question)
    if question.image is not None:
        # What is built in is tried where something is not known: the proof has the last word.
        known = gpu.gfx or (gpu.compute_capability and gpu.driver)
        return why if known else None
    if why is None and build.experimental:
        return Experimental(line=build.line)
    if why is None and build.retired and question.line is None:
        return Retired(reason=build.retired, line=build.line)
    return why
