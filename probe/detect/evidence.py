"""What access is judged by, and the verdict on one GPU."""

from collections.abc import Mapping, Sequence

from probe.facts import CudaView, Host, Node, State
from probe.frozen_record import Record

NOBODY = 65534  # the group that stands for all that a user namespace does not know


class Evidence(Record):
    """What the probes say beside the sightings of cards."""

    host: Host
    nodes: tuple[Node, ...] = ()
    nvidia_driver: str | None = None  # from /proc/driver/nvidia
    smi_tried: bool = False  # nvidia-smi is installed
    smi_answered: bool = False
    smi_exit: int | None = None
    smi_why: str | None = None
    slices_listed: bool = False  # nvidia-smi -L answered
    kfd_listed: bool = False  # KFD's topology has GPU nodes
    cuda: CudaView | None = None  # libcuda's answer; None where it was not asked or did not answer
    environ: Mapping[str, str]  # variables that hide GPUs


class Verdict(Record):
    """A state with what is in the way and what would mend it."""

    state: State = "accessible"
    why: str | None = None
    remedy: str | None = None
    denied: bool = False
    hidden_by: str | None = None


def hidden_verdict(reason: str) -> Verdict:
    """A GPU that a variable (``NAME=value``) hides from this process."""
    name = reason.partition("=")[0]
    return Verdict(
        state="present",
        why=f"hidden by {reason}",
        remedy=f"unset {name}, or name the GPU in it",
        hidden_by=name,
    )


def denied_by_nodes(nodes: Sequence[Node], inside: bool) -> Verdict | None:
    """A verdict if this user may open none of a kind of node; a container gets the groups."""
    closed = [node for node in nodes if not node.usable]
    if not closed:
        return None
    groups = sorted({node.group for node in closed})
    flags = " ".join(f"--group-add {group}" for group in groups)
    if inside and NOBODY in groups:
        # In a user namespace, which has no number for the group that owns the node.
        flags = "--group-add keep-groups, as rootless Podman calls it"
    return Verdict(
        state="present",
        why=f"{closed[0].path} may not be opened by this user",
        remedy=f"start the container with {flags}"
        if inside
        else f"join the group of the node (id {groups[0]}); a container gets it by {flags}",
        denied=True,
    )
