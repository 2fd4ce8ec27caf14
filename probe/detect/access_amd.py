"""Whether an AMD GPU can be used from here. None of this was tried on real hardware."""

from probe.detect.access_nvidia import VIRTUAL, VIRTUAL_REMEDY
from probe.detect.evidence import Evidence, Verdict, denied_by_nodes
from probe.detect.merge import Merged

RENDER = "/dev/dri/renderD"


def amd_verdict(entry: Merged, evidence: Evidence) -> Verdict:
    """The state of one AMD GPU."""
    sighting = entry.sighting
    inside = evidence.host.container
    if sighting.kernel_driver not in (None, "amdgpu"):
        return Verdict(
            state="present",
            why=f"bound to {sighting.kernel_driver}, not to amdgpu",
            remedy=VIRTUAL_REMEDY if sighting.kernel_driver in VIRTUAL else "bind it to amdgpu",
        )
    if evidence.host.wsl and not any(node.path == "/dev/kfd" for node in evidence.nodes):
        return Verdict(
            state="present",
            why="under WSL2 there is no /dev/kfd, which torch's ROCm builds need",
            remedy="none under WSL2: Linux itself serves it",
        )
    if "rocminfo" in entry.sources:
        return Verdict()  # it opened /dev/kfd
    if entry.sources <= {"rocm-smi", "amd-smi"}:
        # A management tool lists it and this sysfs shows no trace of it, so what /dev shows is as
        # little to go by: the tool is the only witness, and the proof comes later.
        return Verdict()
    kfd = [node for node in evidence.nodes if node.path == "/dev/kfd"]
    wanted = RENDER if sighting.render_minor is None else f"{RENDER}{sighting.render_minor}"
    render = [
        node
        for node in evidence.nodes
        if node.path == wanted or (wanted == RENDER and node.path.startswith(RENDER))
    ]
    if not kfd or not render:
        missing = "/dev/kfd" if not kfd else wanted.replace(RENDER, "/dev/dri/renderD", 1)
        return Verdict(
            state="present",
            why=f"no {missing}" + (" in this container" if inside else ""),
            remedy="give the pod one: resources.limits amd.com/gpu: 1 (needs AMD's device plugin)"
            if evidence.host.pod
            else "start it with --device /dev/kfd --device /dev/dri"
            if inside
            else "see why: sudo dmesg | grep -i kfd"
            if sighting.kernel_driver == "amdgpu"
            else "load its driver: sudo modprobe amdgpu; if that fails: sudo dmesg | grep kfd",
        )
    if evidence.kfd_listed and "kfd" not in entry.sources and inside:
        # What a container's device rules keep out, KFD does not let it read either.
        return Verdict(
            state="present",
            why="not given to this container",
            remedy="start it with --device /dev/kfd --device /dev/dri",
        )
    if evidence.kfd_listed and "kfd" not in entry.sources:
        return Verdict(
            state="present",
            why="the kernel does not offer it for computing (KFD leaves it out)",
            remedy="none: this part can't run ROCm",
        )
    return denied_by_nodes([*kfd, *render], inside) or Verdict()
