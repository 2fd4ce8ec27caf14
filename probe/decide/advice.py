"""What would make a choice better, or why it is what it is: sentences with the remedy in them."""

from collections.abc import Iterator, Sequence

from probe.decide.advice_machine import MAKERS, on_platform, silent_tools
from probe.decide.choice import Choice, Selection, Situation
from probe.decide.fit import (
    CONTAINER_HOSTS,
    capability_text,
    driver_floor,
    driver_to_take,
    has_code,
    hsa_override,
    misfit,
    platform_text,
)
from probe.facts import BACKENDS, Facts, Gpu, Vendor
from probe.tables.builds import Build, Table, at_least, line_of

REPORT_IT = "alternator probe --record FILE writes a report of it for us"
# How a container of an image's variant is given its GPU.
GIVEN: dict[str, tuple[Vendor, str]] = {
    "cuda": ("nvidia", "--gpus all"),
    "rocm": ("amd", "--device /dev/kfd --device /dev/dri and --group-add for their groups"),
}


def advise(situation: Situation, choice: Choice, best: Selection) -> tuple[str, ...]:
    """Advice on a choice, most important first, each thing said once.

    ``best`` is what the whole table gives; it differs from the choice only inside an image.
    """
    selection = choice.selection
    lines: list[str] = []
    if best.backend != "cpu" and (best.image, best.wheel) != (selection.image, selection.wheel):
        lines.append(
            f"this image holds torch {selection.torch} {selection.wheel}; for "
            f"{_described(best.gpus[0])} the {best.image} image with {best.wheel} is the right one"
        )
    lines += on_platform(situation.facts, situation.table)
    if selection.backend == "cpu":
        lines += _why_cpu(situation, choice, best)
    else:
        lines += _on_selection(situation, choice)
    lines += [
        f"{gpu.name}: {gpu.why}" + (f"; {gpu.remedy}" if gpu.remedy else "")
        for gpu in situation.facts.gpus
        if gpu.why is not None
    ]
    lines += silent_tools(situation.facts)
    return tuple(dict.fromkeys(lines))


def _why_cpu(situation: Situation, choice: Choice, best: Selection) -> Iterator[str]:
    facts, table, wanted = situation.facts, situation.table, situation.wanted
    if wanted.backend == "cpu":
        if situation.usable:
            yield f"{wanted.source} leaves {situation.usable[0].name} unused"
        return
    if choice.selection.image == "cpu":
        # Where another image would serve, that has been said.
        for gpu in situation.candidates if best.backend == "cpu" else ():
            yield remedy(gpu, facts, table, table.walk(wanted.line))
        return
    for rejected in choice.rejected:
        yield f"this image's {rejected.wheel} does not fit: {rejected.why}"
    vendor, flags = GIVEN[choice.selection.image]
    if not any(gpu.vendor == vendor for gpu in facts.gpus):
        yield f"no {MAKERS[vendor]} GPU is visible in this container; start it with {flags}"


def remedy(gpu: Gpu, facts: Facts, table: Table, lines: Sequence[str]) -> str:
    """Why no build of these lines fits a usable GPU, and what the operator can do about it."""
    backend = BACKENDS[gpu.vendor]
    builds = [build for line in lines for build in table.of_line(line, backend)]
    here = facts.host.arch
    if facts.host.os not in CONTAINER_HOSTS or not any(
        here in (build.cuda_code or build.gfx) for build in builds
    ):
        what = "ROCm" if backend == "rocm" else "CUDA"
        return f"{gpu.name}: there is no {what} build of torch for {platform_text(facts.host)}"
    if facts.host.tegra and not at_least(gpu.driver, table.tegra_driver):
        version = f"driver {gpu.driver} is older than" if gpu.driver else "this needs driver"
        return f"{gpu.name}: {version} {table.tegra_driver}; {table.tegra_remedy}"
    if backend == "cuda" and gpu.compute_capability is None:
        return f"{gpu.name}: its compute capability is not known; {REPORT_IT}"
    if backend == "rocm" and gpu.gfx is None:
        return f"{gpu.name}: its gfx target is not known; {REPORT_IT}"
    with_code = [
        build
        for build in builds
        if has_code(build, gpu, facts.host, table) and not build.experimental
    ]
    current = [build for build in with_code if not build.retired]
    floors = [driver_floor(build, facts.host, table) for build in current]
    if floors and gpu.driver is None:
        return (
            f"{gpu.name}: the driver's version is not known ({floors[0]} is needed for "
            f"{current[0].wheel}); install nvidia-smi beside the driver, or {REPORT_IT}"
        )
    if not floors or any(at_least(gpu.driver, floor) for floor in floors):
        reasons = (misfit(build, gpu, facts.host, table) for build in builds)
        why = next((reason for reason in reasons if reason is not None), "nothing fits")
        return f"{gpu.name}: {why}" + (
            _or_retired(gpu, facts, table, with_code) or "; no other build of torch helps"
        )
    lowest = next(f for f in floors if all(at_least(other, f) for other in floors))
    newest = current[0]
    text = (
        f"{gpu.name}: driver {gpu.driver} is older than {lowest}; update it to "
        f"{driver_to_take(floors[0], gpu.compute_capability)} and {newest.wheel} fits"
    )
    return text + _or_retired(gpu, facts, table, with_code)


def _or_retired(gpu: Gpu, facts: Facts, table: Table, builds: Sequence[Build]) -> str:
    fitting = [b for b in builds if b.retired and misfit(b, gpu, facts.host, table) is None]
    if not fitting:
        return ""
    build = fitting[0]
    return f" (or --torch {build.line} for {build.wheel}, which gets no fixes: {build.retired})"


def _on_selection(situation: Situation, choice: Choice) -> Iterator[str]:
    facts, table = situation.facts, situation.table
    selection = choice.selection
    primary = selection.gpus[0]
    build = table.find(line_of(selection.torch), selection.wheel)
    if build is None:
        return
    yield from _on_driver(primary, build, situation)
    override = hsa_override(build, primary, facts.host, table)
    if override is not None:
        yield (
            f"{primary.gfx} runs the code of {override.runs_as} by HSA_OVERRIDE_GFX_VERSION="
            f"{override.version}; AMD does not support this, the proof at start decides"
        )
    slices = [gpu for gpu in situation.usable if gpu.slice_of is not None and gpu is not primary]
    if slices and primary.slice_of is not None:
        yield (
            f"{len(slices)} more MIG slice{'s are' if len(slices) > 1 else ' is'} left out: a "
            f"process uses one, the largest"
        )
    needed = override.version if override else None
    if selection.backend == "rocm" and facts.disguise not in (None, needed):
        yield (
            f"HSA_OVERRIDE_GFX_VERSION={facts.disguise} is set, and {primary.gfx} "
            f"{f'needs {needed}' if needed else 'has code of its own'}: unset it"
        )
    for gpu in situation.usable:
        if gpu in selection.gpus or (gpu.slice_of is not None and primary.slice_of is not None):
            continue
        if gpu.vendor != primary.vendor:
            backend = BACKENDS[gpu.vendor]
            yield (
                f"{gpu.name} is left unused beside {MAKERS[primary.vendor]}'s; "
                f"--backend {backend} would use it instead"
            )
        elif (why := misfit(build, gpu, facts.host, table)) is not None:
            yield f"{gpu.name} is left out by {selection.wheel}: {why}"
        else:
            yield f"{_identified(gpu)} is left out: it can't be used beside {_identified(primary)}"
    if selection.backend == "mps":
        yield (
            "containers on macOS don't reach Apple's GPU: run the bot outside of one (pip install "
            "'.[bot,whisper]'); this project has not been tried on a Mac, the proof decides"
        )
    if selection.backend == "rocm":
        yield "this project has not been tried on AMD hardware yet; the proof at start decides"


def _on_driver(primary: Gpu, build: Build, situation: Situation) -> Iterator[str]:
    """A newer driver that would help, and cards whose builds end."""
    facts, table = situation.facts, situation.table
    with_code = [
        other
        for other in table.of_line(table.catalog, build.backend)
        if not other.experimental and has_code(other, primary, facts.host, table)
    ]
    if build.line != table.catalog and situation.wanted.torch is None and with_code:
        newest = with_code[0]
        yield (
            f"torch {build.line} because no build of {table.catalog} fits driver "
            f"{primary.driver}; update it to "
            f"{driver_to_take(driver_floor(newest, facts.host, table), primary.compute_capability)}"
            f" and {newest.wheel} of {table.catalog} fits"
        )
    if build.driver_advised and not at_least(primary.driver, build.driver_advised):
        yield (
            f"driver {primary.driver} is enough for {build.wheel} by NVIDIA's documents; if the "
            f"proof fails, update it to "
            f"{driver_to_take(build.driver_advised, primary.compute_capability)}"
        )
    if build.last_line and with_code and all(other.last_line for other in with_code):
        yield (
            f"{primary.name} (compute capability {capability_text(primary)}) has no build after "
            f"torch {build.last_line}"
        )


def _described(gpu: Gpu) -> str:
    capability = capability_text(gpu)
    what = gpu.gfx or (f"compute capability {capability}" if capability else None)
    return f"{gpu.name} ({what})" if what else gpu.name


def _identified(gpu: Gpu) -> str:
    return f"{gpu.name} {gpu.uuid or gpu.index}"
