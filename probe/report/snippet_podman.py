"""The choice as Podman has it: the command, and the unit for systemd."""

from probe.machine.cdi import NVIDIA_KIND, WRITTEN
from probe.report.cdi_names import amd_names, nvidia_names
from probe.report.snippet_settings import (
    CONFIG,
    MODELS,
    MODELS_VOLUME,
    PIDS_LIMIT,
    START_PERIOD_S,
    STATE,
    STATE_VOLUME,
    STOP_S,
    TMP,
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
    return f"# needs a description of the GPUs: sudo nvidia-ctk cdi generate --output={WRITTEN}\n"


def _devices(start: Start) -> list[tuple[str, str]]:
    """Podman's flags for the devices: CDI where there is a specification, nodes and groups for AMD.

    Rootless, a group's number means another group inside: the user's own groups are kept instead.
    (Podman's documentation, ``podman-run(1)``, ``--group-add``.)
    """
    if start.backend == "cuda":
        # The label: as NVIDIA's documentation has it, for machines with SELinux.
        names = nvidia_names(start.named, start.gpus, start.cdi)
        return [("--device", name) for name in names] + [("--security-opt", "label=disable")]
    nodes = start.values("--device")
    devices = [("--device", name) for name in amd_names(nodes, start.cdi) or nodes]
    groups = start.values("--group-add")
    if groups and not start.root:
        groups = ["keep-groups"]
    return devices + [("--group-add", group) for group in groups]


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
        f"Tmpfs={TMP}",
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
