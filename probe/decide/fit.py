"""Whether one build of torch runs on one GPU of one machine, and if not, why."""

from probe.decide.choice import Question
from probe.facts import BACKENDS, Gpu, Host
from probe.finding import Finding
from probe.findings import builds
from probe.tables.builds import Build, HsaOverride, at_least

# Where containers with a GPU can run: Linux, and Windows by way of WSL2.
CONTAINER_HOSTS = ("linux", "windows")


def platform_text(host: Host) -> str:
    """``aarch64``, or ``freebsd on x86_64``."""
    return host.arch if host.os == "linux" else f"{host.os} on {host.arch}"


def driver_floor(build: Build, question: Question) -> str:
    """The oldest driver that the build works with on this kind of machine."""
    host = question.facts.host
    if host.tegra:
        return question.table.tegra_driver
    windows = host.wsl or host.os == "windows"
    return (build.driver_windows if windows else build.driver_linux) or "0"


def hsa_override(build: Build, gpu: Gpu, question: Question) -> HsaOverride | None:
    """The override that an AMD GPU needs for this build; never for one that has code of its own."""
    if gpu.gfx is None or gpu.gfx in build.gfx.get(question.facts.host.arch, ()):
        return None
    return question.table.hsa_overrides.get(gpu.gfx)


def gfx_to_run(build: Build, gpu: Gpu, question: Question) -> str | None:
    """The target whose code the build would run on an AMD GPU: its own, or its override's."""
    override = hsa_override(build, gpu, question)
    return override.runs_as if override else gpu.gfx


def has_code(build: Build, gpu: Gpu, question: Question) -> bool:
    """Whether the build carries code for the GPU, whatever the driver. Unknown parts have none."""
    if gpu.vendor == "apple":
        return True  # Metal compiles for the GPU at hand
    arch = question.facts.host.arch
    if build.backend == "cuda":
        code = build.cuda_code.get(arch)
        capability = gpu.compute_capability
        return code is not None and capability is not None and code.runs_on(capability)
    target = gfx_to_run(build, gpu, question)
    return target in build.gfx.get(arch, frozenset()) & build.kernels


def misfit(build: Build, gpu: Gpu, question: Question) -> Finding | None:
    """Why the build can't run on the GPU; None if it can."""
    if gpu.vendor == "apple":
        return None
    if build.backend == "rocm":
        return _rocm_misfit(build, gpu, question)
    host, tegra_driver = question.facts.host, question.table.tegra_driver
    if host.arch not in build.cuda_code or host.os not in CONTAINER_HOSTS:
        return builds.NoneForPlatform(platform=platform_text(host))
    if host.tegra and gpu.driver is not None and not at_least(gpu.driver, tegra_driver):
        return builds.DriverTooOld(driver=gpu.driver, floor=tegra_driver)
    capability = capability_text(gpu)
    if capability is None:
        return builds.CapabilityUnknown(name=gpu.name)
    if not has_code(build, gpu, question):
        return builds.NoCodeForCapability(capability=capability)
    floor = driver_floor(build, question)
    if gpu.driver is None:
        return builds.DriverUnknown(floor=floor)
    if not at_least(gpu.driver, floor):
        return builds.DriverTooOld(driver=gpu.driver, floor=floor)
    return None


def _rocm_misfit(build: Build, gpu: Gpu, question: Question) -> Finding | None:
    host = question.facts.host
    if host.arch not in build.gfx or host.os != "linux":
        return builds.NoRocmForPlatform(platform=platform_text(host))
    if gpu.gfx is None:
        return builds.GfxUnknown(name=gpu.name)
    target = gfx_to_run(build, gpu, question)
    if target not in build.gfx[host.arch]:
        return builds.NoCodeForGfx(gfx=gpu.gfx)
    return None if target in build.kernels else builds.NoKernels(gfx=gpu.gfx)


def own_build(gpu: Gpu, question: Question) -> Build | None:
    """The build that the GPU would get if it were alone, of all lines; None if there is none."""
    table = question.table
    return next(
        (
            build
            for line in table.walk()
            for build in table.of_line(line, BACKENDS[gpu.vendor])
            if not build.experimental and not build.retired and misfit(build, gpu, question) is None
        ),
        None,
    )


def capability_text(gpu: Gpu) -> str | None:
    """``8.9``, or None where it is not known."""
    if gpu.compute_capability is None:
        return None
    return f"{gpu.compute_capability[0]}.{gpu.compute_capability[1]}"
