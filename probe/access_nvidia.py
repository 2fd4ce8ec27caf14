"""Whether an NVIDIA GPU can be used from here."""

import re

from probe.evidence import Evidence, Verdict, denied_by_nodes
from probe.facts import Sighting
from probe.merge import Merged

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
        "restart the container (the host's systemd daemon-reload takes its GPU away) or reboot",
    ),
}


NO_SLICE = Verdict(
    state="present",
    why="MIG mode is on and no slice was made",
    remedy="make one (nvidia-smi mig -cgi 0 -C) or turn MIG off (nvidia-smi -mig 0)",
)


def nvidia_verdict(entry: Merged, evidence: Evidence) -> Verdict:
    """The state of one NVIDIA GPU."""
    sighting = entry.sighting
    if sighting.lost:
        return Verdict(state="dead", why=SMI_FAILURES[15][0], remedy=SMI_FAILURES[15][1])
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
            return Verdict(
                state="present",
                why=f"no {missing} in this container",
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
