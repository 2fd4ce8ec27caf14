"""What to do about engine, toolkit and driver, where it depends on more than place and system."""

from collections.abc import Iterator
from typing import assert_never

from probe.finding import Finding, Steps
from probe.findings import engines
from probe.machine.host_software import DockerKind
from probe.report.examination import Examination

ENGINES_OF_DESKTOPS = ("darwin", "windows")


def engine_steps(case: Examination) -> Steps:
    """What installs a container engine."""
    if case.facts.host.os in ENGINES_OF_DESKTOPS:
        return ("install Docker Desktop",)
    return engines.NoEngine().remedy(case.facts.host.place)


def driver_steps(finding: Finding, case: Examination) -> Steps:
    """What installs the NVIDIA driver that mends a finding, on this kind of machine."""
    if case.facts.host.tegra:
        return (case.table.tegra_remedy,)
    return finding.remedy(case.facts.host.place)


def what_docker_lacks(kind: DockerKind) -> Finding:
    """What keeps a Docker from handing an NVIDIA GPU over, by where it comes from."""
    match kind:
        case "snap":
            return engines.SnapDocker()
        case "desktop":
            return engines.DockerDesktop()
        case "rootless":
            return engines.NoToolkitRootless()
        case "package":
            return engines.NoToolkit()
    assert_never(kind)


def hand_over(case: Examination) -> Iterator[Finding]:
    """What keeps the engine that is here from handing an NVIDIA GPU over."""
    around, wsl = case.around, case.facts.host.wsl
    served = around.nvidia_toolkit or around.cdi or around.cdi_file is not None
    if around.docker and wsl and around.docker_kind == "desktop":
        return  # it hands GPUs over by itself
    own = around.docker_kind in ("snap", "desktop")  # which the machine's toolkit does not serve
    if around.docker and (own or not served):
        yield what_docker_lacks(around.docker_kind)
    elif around.podman and not around.docker and not (around.cdi or around.cdi_file):
        yield engines.NoCdiFile()
    if around.podman or (around.docker and not own and not around.nvidia_toolkit):
        yield from _cdi_file(case)


def _cdi_file(case: Examination) -> Iterator[Finding]:
    """What is wrong with the CDI file that is there: Podman has no other way, and Docker without
    the toolkit has none."""
    file = case.around.cdi_file
    if file is None:
        return
    if not file.readable:
        rootless = case.around.podman or case.around.docker_kind == "rootless"
        if rootless and not case.facts.host.root:
            yield engines.CdiFileClosed(path=file.path)
        return
    driver = next((gpu.driver for gpu in case.facts.gpus if gpu.vendor == "nvidia"), None)
    if driver is not None and file.drivers and driver not in file.drivers:
        old = file.drivers[0]
        yield engines.CdiFileOfOtherDriver(path=file.path, old=old, driver=driver)
    elif file.gone:
        yield engines.CdiFileWithoutNodes(path=file.path, gone=file.gone)
