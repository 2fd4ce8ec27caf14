"""Whether an NVIDIA GPU can be used from here."""

import re

from probe.evidence import Evidence, Verdict, denied_by_nodes
from probe.facts import Sighting
from probe.merge import Merged
from probe.visibility import CONTAINER

CARD = re.compile(r"/dev/nvidia\d+")
CONTROL = ("/dev/nvidiactl", "/dev/dxg")  # Linux, WSL2

# nvidia-smi exits with NVML's codes (nvmlReturn_t).
SMI_FAILURES = {
    6: ("nvidia-smi finds no device", "check that the card is seated and powered, and dmesg"),
    9: (
        "NVIDIA's driver is not loaded",
        "load it (modprobe nvidia); after a kernel update, reboot",
    ),
    12: ("NVIDIA's management library is missing", "reinstall NVIDIA's driver"),
    15: (
        "the GPU is lost: it fell off the bus",
        "reboot; if it happens again, see dmesg (Xid)",
    ),
    17: ("the operating system blocks access to the GPU", "check cgroup and security settings"),
    18: (
        "NVIDIA's driver and library have different versions",
        "reboot: the driver was updated under a running kernel",
    ),
    255: (
        "NVIDIA's driver answers with an unknown error",
        "docker restart its container (the host's daemon-reload takes GPUs away), or reboot",
    ),
}


NO_SLICE = Verdict(
    state="present",
    why="MIG mode is on and no slice was made",
    remedy="make one (nvidia-smi mig -cgi 0 -C) or turn MIG off (nvidia-smi -mig 0)",
)


# CUresult of cuInit (CUDA driver API). Codes that are not here are told by number.
CUDA_FAILURES = {
    34: (
        "libcuda is the toolkit's stub, not the driver's",
        "take the toolkit's stubs directory out of LD_LIBRARY_PATH",
    ),
    46: ("the GPU is in use by another process alone", "nvidia-smi -c 0 lets processes share it"),
    100: ("libcuda reaches no device", "check that device nodes and driver library match"),
    802: (
        "the machine's GPUs are not ready yet",
        "start NVIDIA's fabric manager: systemctl start nvidia-fabricmanager",
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
        "load the module (modprobe nvidia_uvm), start the container again, or reboot",
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
        unknown = (f"libcuda fails with error {cuda.status}", "look at dmesg (Xid), or reboot")
        why, remedy = CUDA_FAILURES.get(cuda.status, unknown)
        return Verdict(state="dead", why=why, remedy=remedy)
    return Verdict(
        state="present",
        why="libcuda does not reach it",
        remedy="give it to this container (--gpus)"
        if evidence.host.container
        else "check dmesg and its driver",
    )


MISSING_LIBRARY = Verdict(
    state="present",
    why="libcuda.so.1 is not in this container",
    remedy="start it with --gpus all; if it was, NVIDIA_DRIVER_CAPABILITIES must hold compute",
)


def nvidia_verdict(entry: Merged, evidence: Evidence, *, hidden: bool = False) -> Verdict:
    """The state of one NVIDIA GPU; ``hidden`` ones, and GPUs beside slices, libcuda can't list."""
    sighting = entry.sighting
    if sighting.lost:
        return Verdict(state="dead", why=SMI_FAILURES[15][0], remedy=SMI_FAILURES[15][1])
    by_cuda = cuda_verdict(entry, evidence, hidden=hidden)
    if by_cuda is not None:
        return by_cuda
    if "nvidia-smi" in entry.sources:
        return Verdict()  # it talked to the driver, and the driver to the card
    inside = evidence.host.container
    if evidence.smi_answered:
        return Verdict(
            state="present",
            why="nvidia-smi does not list it"
            + (f"; it is bound to {sighting.kernel_driver}" if _foreign(sighting) else ""),
            remedy="give it to this container (--gpus)" if inside else "check dmesg and its driver",
        )
    if _foreign(sighting):
        return Verdict(
            state="present",
            why=f"bound to {sighting.kernel_driver}, not to NVIDIA's driver",
            remedy="install NVIDIA's driver, 580 or newer, and reboot",
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
                remedy="start it with --gpus all (needs the NVIDIA Container Toolkit on the host)",
            )
        why, remedy = SMI_FAILURES.get(
            evidence.smi_exit or 0,
            (f"no {missing}", "install or load NVIDIA's driver, 580 or newer"),
        )
        return Verdict(state="present", why=why, remedy=remedy)
    if evidence.smi_tried:
        why, remedy = SMI_FAILURES.get(
            evidence.smi_exit or 0,
            (
                f"nvidia-smi failed: {evidence.smi_why}",
                "look at dmesg (Xid), reboot; if the card is only slow to wake, turn persistence "
                "mode on (nvidia-smi -pm 1) or raise ALTERNATOR_PROBE_TIMEOUT (seconds)",
            ),
        )
        return Verdict(state="dead", why=why, remedy=remedy)
    return denied_by_nodes([*control, *cards], inside) or Verdict()


def _foreign(sighting: Sighting) -> bool:
    return sighting.kernel_driver not in (None, "nvidia", "nvgpu")
