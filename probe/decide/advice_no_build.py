"""Why no build fits a usable GPU, and what the operator can do about it."""

from collections.abc import Sequence

from probe.decide.choice import Question
from probe.decide.fit import CONTAINER_HOSTS, driver_floor, has_code, misfit, platform_text
from probe.facts import BACKENDS, Gpu
from probe.finding import Finding
from probe.findings import no_build
from probe.findings.builds import NotTaken
from probe.tables.builds import Build, at_least
from probe.tables.drivers import driver_to_take


def why_no_build(gpu: Gpu, question: Question) -> Finding:
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
        return no_build.NoBuildForPlatform(runtime=runtime, platform=platform_text(facts.host))
    if facts.host.tegra and not at_least(gpu.driver, table.tegra_driver):
        return no_build.JetsonDriverTooOld(
            driver=gpu.driver or None, floor=table.tegra_driver, mends=table.tegra_remedy
        )
    if backend == "cuda" and gpu.compute_capability is None:
        return no_build.CardUnknown(what="compute capability")
    if backend == "rocm" and gpu.gfx is None:
        return no_build.CardUnknown(what="gfx target")
    return _by_driver(gpu, builds, question)


def _by_driver(gpu: Gpu, builds: Sequence[Build], question: Question) -> Finding:
    """The same, for a card that is known: by its driver, and the builds with code for it."""
    with_code = [
        build for build in builds if has_code(build, gpu, question) and not build.experimental
    ]
    current = [build for build in with_code if not build.retired]
    floors = [driver_floor(build, question) for build in current]
    if floors and gpu.driver is None:
        return no_build.DriverVersionUnknown(floor=floors[0], wheel=current[0].wheel)
    retired = _retired(gpu, with_code, question)
    if gpu.driver is None or not floors or any(at_least(gpu.driver, floor) for floor in floors):
        reasons = (misfit(build, gpu, question) for build in builds)
        why = next((reason for reason in reasons if reason is not None), None) or NotTaken()
        if retired is not None:
            return no_build.OnlyRetiredFits(why=why, retired=retired)
        return no_build.NoBuildFits(why=why)
    return no_build.NewerDriverNeeded(
        driver=gpu.driver,
        floor=next(f for f in floors if all(at_least(other, f) for other in floors)),
        take=driver_to_take(floors[0], gpu.compute_capability),
        wheel=current[0].wheel,
        retired=retired,
    )


def _retired(gpu: Gpu, builds: Sequence[Build], question: Question) -> no_build.RetiredBuild | None:
    for build in builds:
        if build.retired and misfit(build, gpu, question) is None:
            return no_build.RetiredBuild(line=build.line, wheel=build.wheel, reason=build.retired)
    return None
