"""Whether an NVIDIA GPU can be used from here."""

import re

from probe.decide.fit import driver_to_take
from probe.detect.evidence import Evidence, Verdict, denied_by_nodes
from probe.detect.merge import Merged
from probe.detect.visibility import CONTAINER
from probe.facts import Sighting
from probe.frozen_record import replace
from probe.tables.builds import at_least
from probe.tables.devices import last_driver

CARD = re.compile(r"/dev/nvidia\d+")
CONTROL = ("/dev/nvidiactl", "/dev/dxg")  # Linux, WSL2

LOOK = "see why: sudo dmesg | grep -i -e nvrm -e xid"
# nvidia-smi exits with NVML's codes (nvmlReturn_t): why, the remedy on a host and in a container.
SMI_FAILURES = {
    6: (
        "nvidia-smi finds no device",
        f"{LOOK}; check that the card is seated and powered",
        "start it with --gpus all",
    ),
    9: (
        "NVIDIA's driver is not loaded",
        "sudo modprobe nvidia; after a kernel update, reboot; where it says that a key was "
        "rejected, Secure Boot is on: enrol the module's key (mokutil --import) or switch it off",
        "on the host: sudo modprobe nvidia; then start this container again",
    ),
    12: (
        "NVIDIA's management library is missing",
        "reinstall NVIDIA's driver",
        "start it with --gpus all; NVIDIA_DRIVER_CAPABILITIES must hold utility and compute",
    ),
    15: (
        "the GPU is lost: it fell off the bus",
        "reboot; if it happens again: sudo dmesg | grep Xid",
        "reboot the host; if it happens again: sudo dmesg | grep Xid",
    ),
    17: (
        "the operating system blocks access to the GPU",
        "check cgroup and security settings",
        "start it with --gpus all; check the host's security settings",
    ),
    18: (
        "NVIDIA's driver and library have different versions",
        "reboot: the driver was updated under a running kernel",
        "start this container again, and if that does not help, reboot the host: its driver was "
        "updated under a running kernel",
    ),
    255: (
        "NVIDIA's driver answers with an unknown error",
        f"reboot; {LOOK}",
        "on the host: docker restart this container; a daemon-reload there takes its GPU away",
    ),
}
POD_REMEDY = "give the pod one: resources.limits nvidia.com/gpu: 1 (needs NVIDIA's device plugin)"
DRIVEN = {"nvidia-smi", "libcuda", "nvidia-proc"}  # who lists only what the driver drives
DEAD = (15, 18, 255)
NEWEST_FLOOR = "580"  # what the newest builds need, see builds.toml
NO_DRIVER = "install NVIDIA's driver"
VIRTUAL_REMEDY = "it is handed to a virtual machine: probe in there, or bind it back to its driver"
VIRTUAL = ("vfio-pci", "pci-stub", "xen-pciback", "pciback")  # drivers of virtual machines


def smi_failure(code: int | None, inside: bool) -> tuple[str, str] | None:
    """What an exit code of nvidia-smi means and what mends it; None for one that says nothing."""
    why, host, container = SMI_FAILURES.get(code or 0, ("", "", ""))
    return (why, container if inside else host) if why else None


NO_SLICE = Verdict(
    state="present",
    why="MIG mode is on and no slice was made",
    remedy="make one: sudo nvidia-smi mig -cgi 0 -C; or turn MIG off: sudo nvidia-smi -mig 0",
)


# CUresult of cuInit (CUDA driver API). Codes that are not here are told by number.
CUDA_FAILURES = {
    34: (
        "libcuda is the toolkit's stub, not the driver's",
        "take the toolkit's stubs directory out of LD_LIBRARY_PATH",
    ),
    46: (
        "the GPU is in use by another process alone, or prohibited",
        "let processes share it: sudo nvidia-smi -c 0",
    ),
    100: (
        "libcuda reaches no device",
        "see what it meets: ls -l /dev/nvidia*; ldconfig -p | grep libcuda",
    ),
    802: (
        "the machine's GPUs are not ready yet",
        "start NVIDIA's fabric manager: sudo systemctl start nvidia-fabricmanager",
    ),
    803: (
        "libcuda and NVIDIA's kernel driver have different versions",
        "reboot: the driver was updated under a running kernel; in a container, start it again",
    ),
    804: (
        "this image's CUDA compatibility library does not serve this GPU",
        "take its compat directory out of LD_LIBRARY_PATH, or update the driver",
    ),
    999: (
        "libcuda meets an unknown error",
        "load the module: sudo modprobe nvidia_uvm; then start the container again, or reboot",
    ),
}


def cuda_verdict(entry: Merged, evidence: Evidence, *, hidden: bool) -> Verdict | None:
    """What libcuda's answer says of the GPU; None where it says nothing."""
    cuda = evidence.cuda
    if cuda is None:
        return None
    if cuda.missing is not None:
        # On a host it may lie where only the container toolkit looks; in here it is what PyTorch
        # would load.
        return MISSING_LIBRARY if evidence.host.container else None
    if "libcuda" in entry.sources:
        return Verdict()
    if hidden or _foreign(entry.sighting):
        return None
    if cuda.status:
        unknown = (f"libcuda fails with error {cuda.status}", f"{LOOK}, or reboot")
        why, remedy = CUDA_FAILURES.get(cuda.status, unknown)
        return Verdict(state="dead", why=why, remedy=remedy)
    return Verdict(
        state="present",
        why="libcuda does not reach it",
        remedy="give it to this container (--gpus)" if evidence.host.container else LOOK,
    )


MISSING_LIBRARY = Verdict(
    state="present",
    why="libcuda.so.1 is not in this container",
    remedy="start it with --gpus all; if it was, NVIDIA_DRIVER_CAPABILITIES must hold compute",
)


def nvidia_verdict(entry: Merged, evidence: Evidence, *, hidden: bool = False) -> Verdict:
    """The state of one NVIDIA GPU; ``hidden`` ones, and GPUs beside slices, libcuda can't list."""
    sighting = entry.sighting
    inside = evidence.host.container
    if sighting.lost and "libcuda" not in entry.sources:
        return _failed(15, evidence)
    if not DRIVEN & entry.sources and not _foreign(sighting):
        dropped = _dropped(sighting, evidence)
        if dropped is not None:
            return dropped
    by_cuda = cuda_verdict(entry, evidence, hidden=hidden)
    if by_cuda is not None:
        return by_cuda
    if "nvidia-smi" in entry.sources:
        return Verdict()  # it talked to the driver, and the driver to the card
    if _foreign(sighting):
        return Verdict(
            state="present",
            why=f"bound to {sighting.kernel_driver}, not to NVIDIA's driver",
            remedy=VIRTUAL_REMEDY
            if sighting.kernel_driver in VIRTUAL
            else "bind it to NVIDIA's driver, which serves another card already"
            if evidence.smi_answered
            else _driver_remedy(sighting, inside, "and reboot"),
        )
    if evidence.smi_answered:
        return Verdict(
            state="present",
            why="nvidia-smi does not list it",
            remedy="give it to this container (--gpus)" if inside else LOOK,
        )
    control = [n for n in evidence.nodes if n.path in CONTROL]
    cards = [n for n in evidence.nodes if CARD.fullmatch(n.path) or n.path == "/dev/dxg"]
    if not control or not cards:
        missing = "/dev/nvidia0" if control else "/dev/nvidiactl"
        if inside:
            given = evidence.environ.get(CONTAINER)
            said = f" ({CONTAINER}={given})" if given in ("void", "none", "") else ""
            return Verdict(
                state="present",
                why=f"no {missing} in this container{said}",
                remedy=POD_REMEDY
                if evidence.host.pod
                else "start it with --gpus all (needs the NVIDIA Container Toolkit on the host)",
            )
        if smi_failure(evidence.smi_exit, inside):
            return _failed(evidence.smi_exit, evidence)
        loaded = evidence.nvidia_driver is not None
        remedy = "make its device nodes: sudo nvidia-modprobe -c 0 -u" if loaded else None
        return Verdict(
            state="present",
            why=f"no {missing}",
            remedy=remedy or _driver_remedy(sighting, inside, "or load it: sudo modprobe nvidia"),
        )
    if evidence.smi_tried:
        if smi_failure(evidence.smi_exit, inside):
            return replace(_failed(evidence.smi_exit, evidence), state="dead")
        return Verdict(
            state="dead",
            why=f"nvidia-smi failed: {evidence.smi_why}",
            remedy=f"{LOOK}; reboot; if the card is only slow to wake: sudo nvidia-smi -pm 1, or "
            "raise ALTERNATOR_PROBE_TIMEOUT (seconds)",
        )
    return denied_by_nodes([*control, *cards], inside) or Verdict()


def _failed(code: int | None, evidence: Evidence) -> Verdict:
    why, remedy = smi_failure(code, evidence.host.container) or (None, None)
    return Verdict(state="dead" if code in DEAD else "present", why=why, remedy=remedy)


def _dropped(sighting: Sighting, evidence: Evidence) -> Verdict | None:
    """A card that the loaded driver is too new for: the driver runs and does not see it."""
    last, driver = last_driver(sighting.compute_capability), evidence.nvidia_driver
    if last is None or driver is None or not at_least(driver, str(int(last) + 1)):
        return None
    return Verdict(
        state="present",
        why=f"driver {driver} does not serve it any more, {last} was the last",
        remedy=_driver_remedy(sighting, evidence.host.container, "and reboot"),
    )


def _driver_remedy(sighting: Sighting, inside: bool, then: str) -> str:
    """Which driver to install for a card that has none."""
    last = last_driver(sighting.compute_capability)
    if last is not None and not at_least(last, NEWEST_FLOOR):
        return "none: no current build of torch has code for this card"
    driver = driver_to_take(NEWEST_FLOOR, sighting.compute_capability)
    return f"{'on the host: ' if inside else ''}{NO_DRIVER} {driver} {then}"


def _foreign(sighting: Sighting) -> bool:
    return sighting.kernel_driver not in (None, "nvidia", "nvgpu")
