"""The choice as Podman has it: the command, and the unit for systemd."""

from probe.machine.cdi import AMD_KIND, NVIDIA_KIND
from probe.report.snippet_settings import (
    CONFIG,
    MODELS,
    MODELS_VOLUME,
    PIDS_LIMIT,
    START_PERIOD_S,
    STATE,
    STATE_VOLUME,
    STOP_S,
    USER,
)
from probe.report.snippet_start import (
    READABLE,
    Start,
    continued,
    hardened,
    pairs,
    variables,
    volumes,
)

# Rootless Podman: whoever starts the container is the image's user inside, and may read the file.
KEEP_ID = f"keep-id:uid={USER},gid={USER}"
# Podman takes a period for a check of the command line alone, not for the image's.
HEALTH = "alternator health"


def podman(start: Start) -> str:
    """The command."""
    flags = [word for option in _devices(start) for word in option]
    lines = [
        "podman run --detach --name alternator --restart unless-stopped",
        *([] if start.root else [f"--userns {KEEP_ID}"]),
        *pairs(flags),
        *variables(start.env),
        *hardened(start),
        f'--health-cmd "{HEALTH}"',
        f'--volume "$PWD/alternator.toml:{CONFIG}:ro,Z"',
        *volumes(),
        f"localhost/{start.image}",
    ]
    return (f"{READABLE}\n" if start.root else "") + _notes(start) + continued(lines)


def _notes(start: Start) -> str:
    """What an NVIDIA card needs here that is not there yet."""
    if start.backend != "cuda" or any(device.kind == NVIDIA_KIND for device in start.cdi):
        return ""
    return (
        "# needs a description of the GPUs: sudo nvidia-ctk cdi generate "
        "--output=/etc/cdi/nvidia.yaml\n"
    )


def _devices(start: Start) -> list[tuple[str, str]]:
    """Podman's flags for the devices: CDI where there is a specification, nodes and groups for AMD.

    Rootless, a group's number means another group inside: the user's own groups are kept instead.
    (Podman's documentation, ``podman-run(1)``, ``--group-add``.)
    """
    if start.backend == "cuda":
        # The label: as NVIDIA's documentation has it, for machines with SELinux.
        names = [f"{NVIDIA_KIND}={name}" for name in _nvidia_names(start)]
        return [("--device", name) for name in names] + [("--security-opt", "label=disable")]
    nodes = start.values("--device")
    devices = [("--device", name) for name in _amd_names(start, nodes) or nodes]
    groups = start.values("--group-add")
    if groups and not start.root:
        groups = ["keep-groups"]
    return devices + [("--group-add", group) for group in groups]


def _nvidia_names(start: Start) -> list[str]:
    """CDI names of NVIDIA's devices: UUIDs, or numbers where the specification has no others.

    ``nvidia-ctk cdi generate`` writes both; an older one, or ``--device-name-strategy=index``,
    numbers alone: 0, and 0:1 for the second slice of the first GPU.
    """
    known = {device.name for device in start.cdi if device.kind == NVIDIA_KIND}
    names = []
    for uuid in start.named:
        number = _number(start, uuid)
        names.append(number if uuid not in known and number in known else uuid)
    return names or ["all"]


def _number(start: Start, uuid: str) -> str:
    parents = {gpu["uuid"] or "": gpu["index"] for gpu in start.gpus if gpu["vendor"] == "nvidia"}
    parent = parents.get(uuid)
    if not uuid.startswith("MIG-"):
        return str(parent)
    siblings = [name for name in parents if name.startswith("MIG-") and parents[name] == parent]
    return f"{parent}:{siblings.index(uuid)}"


def _amd_names(start: Start, nodes: list[str]) -> list[str]:
    """CDI names of AMD's devices, by their render nodes; none where one of them is not known."""
    known = [device for device in start.cdi if device.kind == AMD_KIND]
    if "/dev/dri" in nodes:
        return [device.full_name for device in known if device.name == "all"]
    names = []
    for node in nodes:
        own = [d.full_name for d in known if node in d.nodes and d.name != "all"]
        if node != "/dev/kfd":
            if len(own) != 1:
                return []
            names += own
    return names


def quadlet(start: Start) -> str:
    """For Podman 4.5 and newer; what has no key of its own there goes through PodmanArgs."""
    root = start.root
    config = "/etc/alternator/alternator.toml" if root else "%h/alternator.toml"
    devices = _devices(start)
    lines = [
        "# /etc/containers/systemd/alternator.container; then: systemctl daemon-reload"
        if root
        else "# ~/.config/containers/systemd/alternator.container; then, so that it also runs "
        "while\n# nobody is logged in: loginctl enable-linger && systemctl --user daemon-reload",
        f"#   {'systemctl' if root else 'systemctl --user'} start alternator",
        *([READABLE] if root else []),
        *_notes(start).splitlines(),
        "[Unit]",
        "Description=Alternator",
        "",
        "[Container]",
        f"Image=localhost/{start.image}",
        "ContainerName=alternator",
        *([] if root else [f"UserNS={KEEP_ID}"]),
        *(f"AddDevice={value}" for flag, value in devices if flag == "--device"),
        *("SecurityLabelDisable=true" for flag, _ in devices if flag == "--security-opt"),
        *(f"PodmanArgs=--group-add={value}" for flag, value in devices if flag == "--group-add"),
        *(f"Environment={name}={value}" for name, value in start.env.items()),
        "ReadOnly=true",
        "Tmpfs=/tmp",
        "DropCapability=ALL",
        "NoNewPrivileges=true",
        f"PodmanArgs=--pids-limit={PIDS_LIMIT} --memory={start.memory}g --stop-timeout={STOP_S}",
        f"HealthCmd={HEALTH}",
        f"HealthStartPeriod={START_PERIOD_S}s",
        f"Volume={config}:{CONFIG}:ro,Z",
        f"Volume={STATE_VOLUME}:{STATE}",
        f"Volume={MODELS_VOLUME}:{MODELS}",
        "",
        "[Service]",
        "Restart=always",
        "",
        "[Install]",
        f"WantedBy={'multi-user.target' if root else 'default.target'}",
    ]
    return "\n".join(lines) + "\n"
