"""Whether one build of torch runs on one GPU of one machine, and if not, why."""

from probe.facts import Gpu, Host
from probe.finding import Finding
from probe.findings import builds
from probe.tables.builds import Build, HsaOverride, Table, at_least

# Where containers with a GPU can run: Linux, and Windows by way of WSL2.
CONTAINER_HOSTS = ("linux", "windows")


def platform_text(host: Host) -> str:
    """``aarch64``, or ``freebsd on x86_64``."""
    return host.arch if host.os == "linux" else f"{host.os} on {host.arch}"


def driver_floor(build: Build, host: Host, table: Table) -> str:
    """The oldest driver that the build works with on this kind of machine."""
    if host.tegra:
        return table.tegra_driver
    windows = host.wsl or host.os == "windows"
    return (build.driver_windows if windows else build.driver_linux) or "0"


def hsa_override(build: Build, gpu: Gpu, host: Host, table: Table) -> HsaOverride | None:
    """The override that an AMD GPU needs for this build; never for one that has code of its own."""
    if gpu.gfx is None or gpu.gfx in build.gfx.get(host.arch, ()):
        return None
    return table.hsa_overrides.get(gpu.gfx)


def has_code(build: Build, gpu: Gpu, host: Host, table: Table) -> bool:
    """Whether the build carries code for the GPU, whatever the driver. Unknown parts have none."""
    if gpu.vendor == "apple":
        return True  # Metal compiles for the GPU at hand
    if build.backend == "cuda":
        code = build.cuda_code.get(host.arch)
        capability = gpu.compute_capability
        return code is not None and capability is not None and code.runs_on(capability)
    override = hsa_override(build, gpu, host, table)
    target = override.runs_as if override else gpu.gfx
    return target in build.gfx.get(host.arch, frozenset()) - table.no_kernels


def misfit(build: Build, gpu: Gpu, host: Host, table: Table) -> Finding | None:
    """Why the build can't run on the GPU; None if it can."""
    if gpu.vendor == "apple":
        return None
    if build.backend == "rocm":
        return _rocm_misfit(build, gpu, host, table)
    if host.arch not in build.cuda_code or host.os not in CONTAINER_HOSTS:
        return builds.NoneForPlatform(platform=platform_text(host))
    if host.tegra and gpu.driver is not None and not at_least(gpu.driver, table.tegra_driver):
        return builds.DriverTooOld(driver=gpu.driver, floor=table.tegra_driver)
    capability = capability_text(gpu)
    if capability is None:
        return builds.CapabilityUnknown(name=gpu.name)
    if not has_code(build, gpu, host, table):
        return builds.NoCodeForCapability(capability=capability)
    floor = driver_floor(build, host, table)
    if gpu.driver is None:
        return builds.DriverUnknown(floor=floor)
    if not at_least(gpu.driver, floor):
        return builds.DriverTooOld(driver=gpu.driver, floor=floor)
    return None


def _rocm_misfit(build: Build, gpu: Gpu, host: Host, table: Table) -> Finding | None:
    if host.arch not in build.gfx or host.os != "linux":
        return builds.NoRocmForPlatform(platform=platform_text(host))
    if gpu.gfx is None:
        return builds.GfxUnknown(name=gpu.name)
    if gpu.gfx in table.no_kernels:
        return builds.NoKernels(gfx=gpu.gfx)
    if not has_code(build, gpu, host, table):
        return builds.NoCodeForGfx(gfx=gpu.gfx)
    return None


def capability_text(gpu: Gpu) -> str | None:
    """``8.9``, or None where it is not known."""
    if gpu.compute_capability is None:
        return None
    return f"{gpu.compute_capability[0]}.{gpu.compute_capability[1]}"
