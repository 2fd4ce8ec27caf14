"""What would make a choice better, or why it is what it is."""

from collections.abc import Iterator

from probe.decide.advice_machine import MAKERS, builds_nothing, on_platform, silent_tools
from probe.decide.advice_no_build import why_no_build
from probe.decide.choice import Choice, Question, Selection
from probe.decide.fit import (
    capability_text,
    driver_floor,
    has_code,
    hsa_override,
    misfit,
    own_build,
)
from probe.facts import BACKENDS, HSA_OVERRIDE, Gpu, Vendor
from probe.finding import Advice, Finding
from probe.findings import advice
from probe.findings.hsa_override import HsaOverrideUnreadable, HsaOverrideUnwanted, HsaOverrideUsed
from probe.tables.builds import Build, at_least, line_of
from probe.tables.drivers import driver_to_take
from probe.tables.visibility import CUDA, HIP, unreadable

# How a container of an image's variant is given its GPU.
GIVEN: dict[str, tuple[Vendor, str]] = {
    "cuda": ("nvidia", "--gpus all"),
    "rocm": ("amd", "--device /dev/kfd --device /dev/dri and --group-add for their groups"),
}


def advise(question: Question, choice: Choice, best: Selection) -> tuple[Advice, ...]:
    """Advice on a choice, most important first, each thing said once: cards of one name may have
    the same in their way, told apart by no more than a number that the words leave out.

    ``best`` is what the whole table gives; it differs from the choice only inside an image.
    """
    selection, facts = choice.selection, question.facts
    found: list[Finding] = []
    if best.backend != "cpu" and (best.image, best.wheel) != (selection.image, selection.wheel):
        found.append(
            advice.OtherImageFits(
                torch=selection.torch,
                wheel=selection.wheel,
                card=_described(best.gpus[0]),
                image=best.image,
                best=best.wheel,
            )
        )
    platform = tuple(on_platform(facts, question.table))
    found += platform
    gpus = () if builds_nothing(platform) else facts.gpus
    on_gpus: list[Advice] = []
    if selection.backend != "cpu":
        found += _on_selection(question, choice)
    elif question.wanted.backend == "cpu":
        found += _unused(question)
    elif selection.image != "cpu":
        found += _image_unused(question, choice)
    elif best.backend == "cpu":  # where another image would serve, that has been said
        on_gpus = [_nothing_fits(gpu, question) for gpu in _candidates(question)]
    lines = [
        *(Advice(finding=finding) for finding in found),
        *on_gpus,
        *(Advice(finding=gpu.why, gpu=gpu.name) for gpu in gpus if gpu.why is not None),
        *(Advice(finding=note) for note in facts.notes),
        *(Advice(finding=finding) for finding in silent_tools(facts)),
    ]
    place, said = facts.host.place, dict[str, Advice]()
    for line in lines:
        said.setdefault(line.text(place), line)
    return tuple(said.values())


def _unused(question: Question) -> Iterator[Finding]:
    """What the operator's choice of the CPU leaves idle."""
    if question.usable:
        name = question.usable[0].name
        yield advice.LeftUnusedByOverride(source=question.wanted.source, name=name)


def _image_unused(question: Question, choice: Choice) -> Iterator[Finding]:
    """Why an image for a GPU uses the CPU."""
    for rejected in choice.rejected:
        yield advice.ImageDoesNotFit(wheel=rejected.wheel, why=rejected.why)
    vendor, flags = GIVEN[choice.selection.image]
    if vendor == "nvidia" and question.facts.host.tegra:
        flags = "--runtime nvidia"  # the toolkit refuses --gpus there
    if not any(gpu.vendor == vendor for gpu in question.facts.gpus):
        yield advice.NoGpuInContainer(maker=MAKERS[vendor], flags=flags)


def _candidates(question: Question) -> tuple[Gpu, ...]:
    return tuple(gpu for gpu in question.usable if gpu.vendor in question.vendors)


def _nothing_fits(gpu: Gpu, question: Question) -> Advice:
    return Advice(finding=why_no_build(gpu, question), gpu=gpu.name)


def _on_selection(question: Question, choice: Choice) -> Iterator[Finding]:
    selection = choice.selection
    primary = selection.gpus[0]
    build = question.table.find(line_of(selection.torch), selection.wheel)
    if build is None:
        return
    yield from _on_driver(primary, build, question)
    yield from _on_override(primary, build, question, selection)
    for gpu in question.usable:
        if gpu not in selection.gpus:
            yield from _left_out(gpu, primary, build, question)
    if selection.backend == "mps":
        yield advice.MacOutsideContainers()
    if selection.backend == "rocm":
        yield advice.AmdUntried()


def _on_override(
    primary: Gpu, build: Build, question: Question, selection: Selection
) -> Iterator[Finding]:
    """The HSA override that is needed or set, and the MIG slices that a process can't use."""
    facts = question.facts
    override = hsa_override(build, primary, question)
    gfx, needed = primary.gfx or "", override.version if override else None
    if override is not None:
        yield HsaOverrideUsed(
            gfx=gfx, runs_as=override.runs_as, variable=HSA_OVERRIDE, value=override.version
        )
    slices = [
        gpu
        for gpu in question.usable
        if gpu.slice_of is not None and gpu is not primary and gpu.vendor == primary.vendor
    ]
    if slices:
        kind = advice.SlicesLeftOut if primary.slice_of is not None else advice.SlicesBesideWhole
        yield kind(count=len(slices))
    given = facts.hsa_override
    if selection.backend != "rocm" or given is None:
        return
    if unreadable({HSA_OVERRIDE: given}):
        yield HsaOverrideUnreadable(variable=HSA_OVERRIDE, value=given)
    elif given != needed:
        yield HsaOverrideUnwanted(variable=HSA_OVERRIDE, value=given, gfx=gfx, needed=needed)


def _left_out(gpu: Gpu, primary: Gpu, build: Build, question: Question) -> Iterator[Finding]:
    """Why a usable GPU is not among the chosen ones."""
    if gpu.slice_of is not None and gpu.vendor == primary.vendor:
        return  # all of them are told in one line
    if gpu.vendor != primary.vendor:
        yield advice.OtherMakerUnused(
            name=gpu.name, maker=MAKERS[primary.vendor], backend=BACKENDS[gpu.vendor]
        )
        return
    why = misfit(build, gpu, question)
    if why is not None:
        own = _older_build(gpu, build, question)
        yield advice.LeftOutByBuild(name=gpu.name, wheel=build.wheel, why=why, own=own)
    else:
        yield advice.NotBesideAnother(card=_identified(gpu), other=_identified(primary))


def _older_build(gpu: Gpu, chosen: Build, question: Question) -> advice.OwnBuild | None:
    """The build of another line that the card would get alone, and how it is left alone."""
    build = own_build(gpu, question)
    if build is None or build.line == chosen.line:
        return None
    variable, device = (HIP, gpu.index) if gpu.vendor == "amd" else (CUDA, gpu.uuid or gpu.index)
    return advice.OwnBuild(torch=build.torch, wheel=build.wheel, setting=f"{variable}={device}")


def _on_driver(primary: Gpu, build: Build, question: Question) -> Iterator[Finding]:
    """A newer driver that would help, and cards whose builds end."""
    table = question.table
    with_code = [
        other
        for other in table.of_line(table.catalog, build.backend)
        if not other.experimental and has_code(other, primary, question)
    ]
    if build.line != table.catalog and question.wanted.torch is None and with_code:
        floor = driver_floor(with_code[0], question)
        yield advice.OlderLineForDriver(
            line=build.line,
            catalog=table.catalog,
            driver=primary.driver,
            take=driver_to_take(floor, primary.compute_capability),
            wheel=with_code[0].wheel,
        )
    elif build.line != table.catalog and question.wanted.torch is None:
        yield advice.OlderLineForCard(
            line=build.line,
            catalog=table.catalog,
            wheel=build.wheel,
            card=primary.gfx or f"compute capability {capability_text(primary)}",
        )
    if build.driver_advised and not at_least(primary.driver, build.driver_advised):
        yield advice.DriverDisputed(
            driver=primary.driver,
            wheel=build.wheel,
            take=driver_to_take(build.driver_advised, primary.compute_capability),
        )
    if build.last_line and with_code and all(other.last_line for other in with_code):
        yield advice.BuildsEnd(
            name=primary.name, capability=capability_text(primary) or "", line=build.last_line
        )


def _described(gpu: Gpu) -> str:
    capability = capability_text(gpu)
    what = gpu.gfx or (f"compute capability {capability}" if capability else None)
    return f"{gpu.name} ({what})" if what else gpu.name


def _identified(gpu: Gpu) -> str:
    return f"{gpu.name} {gpu.uuid or gpu.index}"
