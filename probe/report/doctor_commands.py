"""What to do about engine, toolkit and driver, where it depends on more than place and system."""

from collections.abc import Iterator

from probe.finding import Finding, Steps
from probe.findings import engines
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


def hand_over(case: Examination) -> Iterator[Finding]:
    """What keeps the engine that is here from handing an NVIDIA GPU over."""
    around, wsl = case.around, case.facts.host.wsl
    served = around.nvidia_toolkit or around.cdi
    if around.docker and around.docker_kind == "snap" and not wsl:
        yield engines.SnapDocker()
    elif around.docker and around.docker_kind == "desktop" and not wsl:
        yield engines.DockerDesktop()
    elif around.docker and not served and not wsl:
        rootless = around.docker_kind == "rootless"
        yield engines.NoToolkitRootless() if rootless else engines.NoToolkit()
    elif around.podman and not around.docker and not around.cdi:
        yield engines.NoCdiFile()
