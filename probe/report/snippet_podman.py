"""The choice as Podman has it: the command, and the unit for systemd."""

from probe.machine.cdi import NVIDIA_KIND
from probe.report.snippet_settings import (
    CONFIG,
    MEMORY_LIMIT,
    MODELS,
    PIDS_LIMIT,
    STATE,
    STOP_S,
    USER,
)
from probe.report.snippet_start import READABLE, Start, continued, hardened, pairs, volumes

# Rootless Podman: whoever starts the container is the image's user inside, and may read the file.
KEEP_ID = f"keep-id:uid={USER},gid={USER}"


def podman(start: Start) -> str:
    """The command."""
    flags = [word for option in _devices(start) for word in option]
    lines = [
        "podman run --detach --name alternator --restart unless-stopped",
        *([] if start.root else [f"--userns {KEEP_ID}"]),
        *pairs(flags),
        *hardened(start),
        f'--volume "$PWD/alternator.toml:{CONFIG}:ro,Z"',
        *volumes(),
        f"localhost/{start.image}",
    ]
    return (f"{READABLE}\n" if start.root else "") + continued(lines)


def _devices(start: Start) -> list[tuple[str, str]]:
    """Podman's flags for the devices: CDI for NVIDIA, nodes and groups for AMD.

    Rootless, a group's number means another group inside: the user's own groups are kept instead.
    (Podman's documentation, ``podman-run(1)``, ``--group-add``.)
    """
    if start.backend == "cuda":
        # The label: as NVIDIA's documentation has it, for machines with SELinux.
        return [("--device", name) for name in _cdi(start)] + [("--security-opt", "label=disable")]
    devices = [("--device", node) for node in start.values("--device")]
    groups = start.values("--group-add")
    if groups and not start.root:
        groups = ["keep-groups"]
    return devices + [("--group-add", group) for group in groups]


def _cdi(start: Start) -> list[str]:
    """CDI names of NVIDIA's devices: ``nvidia-ctk cdi list`` shows what there is."""
    return [f"{NVIDIA_KIND}={name}" for name in start.named or ("all",)]


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
        f"PodmanArgs=--pids-limit={PIDS_LIMIT} --memory={MEMORY_LIMIT}g --stop-timeout={STOP_S}",
        f"Volume={config}:{CONFIG}:ro,Z",
        f"Volume=alternator-state:{STATE}",
        f"Volume=alternator-models:{MODELS}",
        "",
        "[Service]",
        "Restart=always",
        "",
        "[Install]",
        f"WantedBy={'multi-user.target' if root else 'default.target'}",
    ]
    return "\n".join(lines) + "\n"
