"""What would make a choice better, or why it is what it is."""

from collections.abc import Iterator, Sequence

from probe.decide.advice_machine import MAKERS, on_platform, silent_tools
from probe.decide.choice import Choice, Question, Selection
from probe.decide.fit import (
    CONTAINER_HOSTS,
    capability_text,
    driver_floor,
    has_code,
    hsa_override,
    misfit,
    platform_text,
)
from probe.facts import BACKENDS, HSA_OVERRIDE, Facts, Gpu, Vendor
from probe.finding import Advice, Finding
from probe.findings import advice
from probe.findings.builds import NotTaken
from probe.tables.builds import Build, Table, at_least, line_of
from probe.tables.drivers import driver_to_take

# How a container of an image's variant is given its GPU.
GIVEN: dict[str, tuple[Vendor, str]] = {
    "cuda": ("nvidia", "--gpus all"),
    "rocm": ("amd", "--device /dev/kfd --device /dev/dri and --group-add for their groups"),
}


def advise(question: Question, choice: Choice, best: Selection) -> tuple[Advice, ...]:
    """Advice on a choice, most important first, each thing said once.

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
    found += on_platform(facts, question.table)
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
        *(Advice(finding=gpu.why, gpu=gpu.name) for gpu in facts.gpus if gpu.why is not None),
        *(Advice(finding=finding) for finding in silent_tools(facts)),
    ]
    return tuple(dict.fromkeys(lines))


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
    if not any(gpu.vendor == vendor for gpu in question.facts.gpus):
        yield advice.NoGpuInContainer(maker=MAKERS[vendor], flags=flags)


def _candidates(question: Question) -> tuple[Gpu, ...]:
    return tuple(gpu for gpu in question.usable if gpu.vendor in question.vendors)


def _nothing_fits(gpu: Gpu, question: Question) -> Advice:
    return Advice(finding=why_nothing_fits(gpu, question), gpu=gpu.name)


def why_nothing_fits(gpu: Gpu, question: Question) -> Finding:
    """Why no build fits a usable GPU, and what the operator can do about it."""
    facts, table = question.facts, question.table
    backend = BACKENDS[gpu.vendor]
    lines = table.walk(question.wanted.line)
    builds = [build for line in lines for build in table.of_line(line, backend)]
    here = facts.host.arch
    if facts.host.os not in CONTAINER_HOSTS or not any(
        here in (build.cuda_code or build.gfx) for build in builds
    ):
        runtime = "ROCm" if backend == "rocm" else "CUDA"
        return advice.NoBuildForPlatform(runtime=runtime, platform=platform_text(facts.host))
    if facts.host.tegra and not at_least(gpu.driver, table.tegra_driver):
        return advice.JetsonDriverTooOld(
            driver=gpu.driver or None, floor=table.tegra_driver, mends=table.tegra_remedy
        )
    if backend == "cuda" and gpu.compute_capability is None:
        return advice.CardUnknown(what="compute capability")
    if backend == "rocm" and gpu.gfx is None:
        return advice.CardUnknown(what="gfx target")
    with_code = [
        build
        for build in builds
        if has_code(build, gpu, facts.host, table) and not build.experimental
    ]
    return _by_driver(gpu, facts, table, builds, with_code)


def _by_driver(
    gpu: Gpu, facts: Facts, table: Table, builds: Sequence[Build], with_code: Sequence[Build]
) -> Finding:
    """The same, for a card that is known: by its driver, and the builds with code for it."""
    current = [build for build in with_code if not build.retired]
    floors = [driver_floor(build, facts.host, table) for build in current]
    if floors and gpu.driver is None:
        return advice.DriverVersionUnknown(floor=floors[0], wheel=current[0].wheel)
    retired = _retired(gpu, facts, table, with_code)
    if gpu.driver is None or not floors or any(at_least(gpu.driver, floor) for floor in floors):
        reasons = (misfit(build, gpu, facts.host, table) for build in builds)
        why = next((reason for reason in reasons if reason is not None), None) or NotTaken()
        if retired is not None:
            return advice.OnlyRetiredFits(why=why, retired=retired)
        return advice.NoBuildFits(why=why)
    return advice.NewerDriverNeeded(
        driver=gpu.driver,
        floor=next(f for f in floors if all(at_least(other, f) for other in floors)),
        take=driver_to_take(floors[0], gpu.compute_capability),
        wheel=current[0].wheel,
        retired=retired,
    )


def _retired(
    gpu: Gpu, facts: Facts, table: Table, builds: Sequence[Build]
) -> advice.RetiredBuild | None:
    for build in builds:
        if build.retired and misfit(build, gpu, facts.host, table) is None:
            return advice.RetiredBuild(line=build.line, wheel=build.wheel, reason=build.retired)
    return None


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
    override = hsa_override(build, primary, facts.host, question.table)
    gfx, needed = primary.gfx or "", override.version if override else None
    if override is not None:
        yield advice.HsaOverrideUsed(
            gfx=gfx, runs_as=override.runs_as, variable=HSA_OVERRIDE, value=override.version
        )
    slices = [gpu for gpu in question.usable if gpu.slice_of is not None and gpu is not primary]
    if slices and primary.slice_of is not None:
        yield advice.SlicesLeftOut(count=len(slices))
    if (
        selection.backend == "rocm"
        and facts.hsa_override is not None
        and facts.hsa_override != needed
    ):
        yield advice.HsaOverrideUnwanted(
            variable=HSA_OVERRIDE, value=facts.hsa_override, gfx=gfx, needed=needed
        )


def _left_out(gpu: Gpu, primary: Gpu, build: Build, question: Question) -> Iterator[Finding]:
    """Why a usable GPU is not among the chosen ones."""
    if gpu.slice_of is not None and primary.slice_of is not None:
        return
    if gpu.vendor != primary.vendor:
        yield advice.OtherMakerUnused(
            name=gpu.name, maker=MAKERS[primary.vendor], backend=BACKENDS[gpu.vendor]
        )
        return
    why = misfit(build, gpu, question.facts.host, question.table)
    if why is not None:
        yield advice.LeftOutByBuild(name=gpu.name, wheel=build.wheel, why=why)
    else:
        yield advice.NotBesideAnother(card=_identified(gpu), other=_identified(primary))


def _on_driver(primary: Gpu, build: Build, question: Question) -> Iterator[Finding]:
    """A newer driver that would help, and cards whose builds end."""
    facts, table = question.facts, question.table
    with_code = [
        other
        for other in table.of_line(table.catalog, build.backend)
        if not other.experimental and has_code(other, primary, facts.host, table)
    ]
    if build.line != table.catalog and question.wanted.torch is None and with_code:
        floor = driver_floor(with_code[0], facts.host, table)
        yield advice.OlderLineForDriver(
            line=build.line,
            catalog=table.catalog,
            driver=primary.driver,
            take=driver_to_take(floor, primary.compute_capability),
            wheel=with_code[0].wheel,
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
