"""The flags of a choice for people who start containers their own way.

All of them hand over the same: the device, a read-only root, no capabilities, limits, and the two
volumes. ``docs/hardware.md`` says which of them were started, and with what.
"""

import os
from collections.abc import Callable
from itertools import pairwise

from probe.errors import ProbeError
from probe.findings.gpu import Hidden
from probe.frozen_record import Record
from probe.report.schema import Report, SelectionReport
from probe.report.snippet_kubernetes import kubernetes
from probe.report.snippet_settings import (
    CONFIG,
    MEMORY_LIMIT,
    MODELS,
    PIDS_LIMIT,
    STATE,
    STOP_S,
    USER,
)

IMAGE = "alternator:{version}-{variant}"
READABLE = f"# user {USER} must be able to read alternator.toml: sudo chown {USER} alternator.toml"
# Rootless Podman: whoever starts the container is the image's user inside, and may read the file.
KEEP_ID = f"keep-id:uid={USER},gid={USER}"


class Start(Record):
    """What is started, and how."""

    selection: SelectionReport
    image: str
    named: tuple[str, ...]  # the NVIDIA devices to hand over; empty where all of them may go
    root: bool  # for whom Podman's are

    @property
    def backend(self) -> str:
        """Which kind of GPU is handed over."""
        return self.selection["backend"]

    @property
    def env(self) -> dict[str, str]:
        """The variables that the choice needs."""
        return self.selection["env"]

    def values(self, flag: str) -> list[str]:
        """What follows a flag of `docker run` in the choice."""
        return [value for name, value in pairwise(self.selection["run_flags"]) if name == flag]


def snippet(kind: str, report: Report, version: str, *, root: bool | None = None) -> str:
    """What to put into one kind of file for the choice of a report.

    ``root`` says for whom Podman's are, by default for the user of this process. Raises
    ``ProbeError`` for an unknown kind and for a GPU that no container reaches.
    """
    if kind not in KINDS:
        raise ProbeError(f"--snippet: {kind!r} is none of {', '.join(KINDS)}")
    if report["selection"]["backend"] == "mps":
        raise ProbeError(
            "--snippet: no container reaches Apple's GPU; add --backend cpu for the CPU's image"
        )
    selection = report["selection"]
    start = Start(
        selection=selection,
        image=image_name(selection, version),
        named=_named(report),
        root=os.geteuid() == 0 if root is None else root,
    )
    return KINDS[kind](start)


def image_name(selection: SelectionReport, version: str) -> str:
    """The tag that `make images` gives to the build: ``alternator:<version>-cuda-cu130``."""
    parts: list[str] = [selection["image"]]
    if selection["wheel"] != selection["image"]:
        parts.append(selection["wheel"])
    return IMAGE.format(version=version, variant="-".join(parts))


def _named(report: Report) -> tuple[str, ...]:
    selection = report["selection"]
    if selection["backend"] != "cuda":
        return ()
    used = tuple(selection["visible_devices"])
    slices = any(name.startswith("MIG-") for name in used)
    hidden = any(gpu["code"] == Hidden.code for gpu in report["gpus"])
    return used if slices or hidden else ()


def _docker(start: Start) -> str:
    flags = list(start.selection["run_flags"])
    if start.named:
        flags = ["--gpus", f"'\"device={','.join(start.named)}\"'"]
    lines = [
        "docker run --detach --name alternator --restart unless-stopped",
        *_pairs(flags),
        *_hardened(start),
        "--log-driver local",
        # A bind mount that is not there is an error; --volume would make a folder of that name.
        f'--mount type=bind,source="$PWD/alternator.toml",target={CONFIG},readonly',
        *_volumes(),
        start.image,
    ]
    return f"{READABLE}\n{_continued(lines)}"


def _podman(start: Start) -> str:
    flags = [word for option in _podman_devices(start) for word in option]
    lines = [
        "podman run --detach --name alternator --restart unless-stopped",
        *([] if start.root else [f"--userns {KEEP_ID}"]),
        *_pairs(flags),
        *_hardened(start),
        f'--volume "$PWD/alternator.toml:{CONFIG}:ro,Z"',
        *_volumes(),
        f"localhost/{start.image}",
    ]
    return (f"{READABLE}\n" if start.root else "") + _continued(lines)


def _podman_devices(start: Start) -> list[tuple[str, str]]:
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
    return [f"nvidia.com/gpu={name}" for name in start.named or ("all",)]


def _pairs(flags: list[str]) -> list[str]:
    return [" ".join(pair) for pair in zip(flags[::2], flags[1::2], strict=True)]


def _hardened(start: Start) -> list[str]:
    return [
        *(f"--env {name}={value}" for name, value in start.env.items()),
        "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges",
        f"--pids-limit {PIDS_LIMIT} --memory {MEMORY_LIMIT}g --stop-timeout {STOP_S}",
    ]


def _volumes() -> list[str]:
    return [f"--volume alternator-state:{STATE}", f"--volume alternator-models:{MODELS}"]


def _continued(lines: list[str]) -> str:
    return " \\\n  ".join(lines) + "\n"


def _compose(start: Start) -> str:
    lines = [
        READABLE,
        "services:",
        "  bot:",
        f"    image: {start.image}",
        "    restart: unless-stopped",
        "    read_only: true",
        "    tmpfs: [/tmp]",
        "    cap_drop: [ALL]",
        "    security_opt: [no-new-privileges:true]",
        f"    pids_limit: {PIDS_LIMIT}",
        f"    mem_limit: {MEMORY_LIMIT}g",
        f"    stop_grace_period: {STOP_S}s",
        "    logging: {driver: local}",
        "    volumes:",
        f"      - {{type: bind, source: ./alternator.toml, target: {CONFIG}, read_only: true}}",
        f"      - state:{STATE}",
        f"      - models:{MODELS}",
    ]
    if start.env:
        lines.append("    environment:")
        lines += [f'      {name}: "{value}"' for name, value in start.env.items()]
    if start.backend == "cuda":
        ids = ", ".join(f'"{name}"' for name in start.named)
        lines += [
            "    deploy:",
            "      resources:",
            "        reservations:",
            "          devices:",
            "            - driver: nvidia",
            f"              device_ids: [{ids}]" if ids else "              count: all",
            "              capabilities: [gpu]",
        ]
    if start.backend == "rocm":
        lines.append("    devices:")
        lines += [f"      - {node}:{node}" for node in start.values("--device")]
        groups = start.values("--group-add")
        if groups:
            lines.append("    group_add:")
            lines += [f'      - "{group}"' for group in groups]
    return "\n".join([*lines, "volumes:", "  state:", "  models:"]) + "\n"


def _quadlet(start: Start) -> str:
    """For Podman 4.5 and newer; what has no key of its own there goes through PodmanArgs."""
    root = start.root
    config = "/etc/alternator/alternator.toml" if root else "%h/alternator.toml"
    devices = _podman_devices(start)
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


def _kubernetes(start: Start) -> str:
    return kubernetes(start.selection, start.image, groups=start.values("--group-add"))


KINDS: dict[str, Callable[[Start], str]] = {
    "docker": _docker,
    "compose": _compose,
    "podman": _podman,
    "quadlet": _quadlet,
    "kubernetes": _kubernetes,
}
