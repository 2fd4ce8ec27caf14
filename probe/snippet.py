"""The flags of a choice for people who start containers their own way."""

from collections.abc import Callable
from itertools import pairwise

from probe.errors import ProbeError
from probe.report import Report

IMAGE = "alternator:{version}-{variant}"
STATE, MODELS = "/var/lib/alternator/state", "/var/lib/alternator/models"
CONFIG = "/etc/alternator/alternator.toml"


def snippet(kind: str, report: Report, version: str) -> str:
    """What to put into one kind of file for the choice of a report.

    Raises ``ProbeError`` for an unknown kind and for a GPU that no container reaches.
    """
    if kind not in KINDS:
        raise ProbeError(f"--snippet: {kind!r} is none of {', '.join(KINDS)}")
    if report["selection"]["backend"] == "mps":
        raise ProbeError(
            "--snippet: no container reaches Apple's GPU; add --backend cpu for the CPU's image"
        )
    selection = {**report["selection"], "named": _named(report)}
    return KINDS[kind](selection, image_name(selection, version))


def image_name(selection: Report, version: str) -> str:
    """The tag that `make images` gives to the build: ``alternator:<version>-cuda-cu130``."""
    parts = [selection["image"]]
    if selection["wheel"] != selection["image"]:
        parts.append(selection["wheel"])
    return IMAGE.format(version=version, variant="-".join(parts))


def environment(selection: Report) -> dict[str, str]:
    """Variables that the choice needs inside the container."""
    return dict(selection["env"])


def _values(selection: Report, flag: str) -> list[str]:
    return [value for name, value in pairwise(selection["run_flags"]) if name == flag]


def _named(report: Report) -> list[str]:
    """The NVIDIA devices to hand over by name; empty where all of them may go."""
    selection = report["selection"]
    if selection["backend"] != "cuda":
        return []
    used: list[str] = selection["visible_devices"]
    slices = any(name.startswith("MIG-") for name in used)
    hidden = any((gpu["why"] or "").startswith("hidden by") for gpu in report["gpus"])
    return used if slices or hidden else []


def _docker(selection: Report, image: str) -> str:
    flags = list(selection["run_flags"])
    if selection["named"]:
        flags = ["--gpus", f"'\"device={','.join(selection['named'])}\"'"]
    return _command("docker", selection, image, flags)


def _podman(selection: Report, image: str) -> str:
    flags = [word for name in _cdi(selection) for word in ("--device", name)]
    if selection["backend"] == "rocm":
        flags = list(selection["run_flags"])
    return _command("podman", selection, image, flags)


def _cdi(selection: Report) -> list[str]:
    """CDI names of NVIDIA's devices: ``nvidia-ctk cdi list`` shows what there is."""
    if selection["backend"] != "cuda":
        return []
    return [f"nvidia.com/gpu={name}" for name in selection["named"] or ["all"]]


def _command(engine: str, selection: Report, image: str, flags: list[str]) -> str:
    lines = [f"{engine} run --detach --name alternator --restart unless-stopped"]
    lines += [" ".join(pair) for pair in zip(flags[::2], flags[1::2], strict=True)]
    lines += [f"--env {name}={value}" for name, value in environment(selection).items()]
    lines += [
        "--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges",
        f"--volume ./alternator.toml:{CONFIG}:ro",
        f"--volume alternator-state:{STATE}",
        f"--volume alternator-models:{MODELS}",
        image,
    ]
    return " \\\n  ".join(lines) + "\n"


def _compose(selection: Report, image: str) -> str:
    lines = [
        "services:",
        "  bot:",
        f"    image: {image}",
        "    restart: unless-stopped",
        "    read_only: true",
        "    tmpfs: [/tmp]",
        "    cap_drop: [ALL]",
        "    security_opt: [no-new-privileges:true]",
        "    volumes:",
        f"      - ./alternator.toml:{CONFIG}:ro",
        f"      - state:{STATE}",
        f"      - models:{MODELS}",
    ]
    if environment(selection):
        lines.append("    environment:")
        lines += [f'      {name}: "{value}"' for name, value in environment(selection).items()]
    if selection["backend"] == "cuda":
        ids = ", ".join(f'"{name}"' for name in selection["named"])
        lines += [
            "    deploy:",
            "      resources:",
            "        reservations:",
            "          devices:",
            "            - driver: nvidia",
            f"              device_ids: [{ids}]" if ids else "              count: all",
            "              capabilities: [gpu]",
        ]
    if selection["backend"] == "rocm":
        lines.append("    devices:")
        lines += [f"      - {node}:{node}" for node in _values(selection, "--device")]
        groups = _values(selection, "--group-add")
        if groups:
            lines.append("    group_add:")
            lines += [f'      - "{group}"' for group in groups]
    return "\n".join([*lines, "volumes:", "  state:", "  models:"]) + "\n"


def _quadlet(selection: Report, image: str) -> str:
    devices = _cdi(selection) or _values(selection, "--device")
    lines = [
        "# ~/.config/containers/systemd/alternator.container; then: systemctl --user daemon-reload",
        "[Unit]",
        "Description=Alternator",
        "After=network-online.target",
        "",
        "[Container]",
        f"Image=localhost/{image}",
        *(f"AddDevice={device}" for device in devices),
        *(f"GroupAdd={group}" for group in _values(selection, "--group-add")),
        *(f"Environment={name}={value}" for name, value in environment(selection).items()),
        "ReadOnly=true",
        "Tmpfs=/tmp",
        "DropCapability=ALL",
        "NoNewPrivileges=true",
        f"Volume=%h/alternator.toml:{CONFIG}:ro",
        f"Volume=alternator-state:{STATE}",
        f"Volume=alternator-models:{MODELS}",
        "",
        "[Service]",
        "Restart=on-failure",
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    return "\n".join(lines) + "\n"


def _kubernetes(selection: Report, image: str) -> str:
    """A pod; the GPU comes from the vendor's device plugin, which also grants the nodes."""
    resource = {"cuda": "nvidia.com/gpu", "rocm": "amd.com/gpu"}.get(selection["backend"])
    lines = [
        "# Needs the vendor's device plugin in the cluster, and the image in its registry."
        if resource
        else "# Needs the image in the cluster's registry.",
        "apiVersion: apps/v1",
        "kind: Deployment",
        "metadata: {name: alternator}",
        "spec:",
        "  replicas: 1",
        "  strategy: {type: Recreate}",
        "  selector: {matchLabels: {app: alternator}}",
        "  template:",
        "    metadata: {labels: {app: alternator}}",
        "    spec:",
    ]
    groups = _values(selection, "--group-add")
    if groups:
        lines.append(f"      securityContext: {{supplementalGroups: [{', '.join(groups)}]}}")
    lines += ["      containers:", "        - name: bot", f"          image: {image}"]
    if environment(selection):
        lines.append("          env:")
        lines += [
            f'            - {{name: {name}, value: "{value}"}}'
            for name, value in environment(selection).items()
        ]
    if resource:
        lines.append(f"          resources: {{limits: {{{resource}: 1}}}}")
    lines += [
        "          securityContext:",
        "            {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false,",
        "             capabilities: {drop: [ALL]}}",
        "          volumeMounts:",
        "            - {name: config, mountPath: /etc/alternator, readOnly: true}",
        f"            - {{name: state, mountPath: {STATE}}}",
        f"            - {{name: models, mountPath: {MODELS}}}",
        "            - {name: tmp, mountPath: /tmp}",
        "      volumes:",
        "        - {name: config, secret: {secretName: alternator}}",
        "        - {name: state, persistentVolumeClaim: {claimName: alternator-state}}",
        "        - {name: models, persistentVolumeClaim: {claimName: alternator-models}}",
        "        - {name: tmp, emptyDir: {}}",
    ]
    return "\n".join(lines) + "\n"


KINDS: dict[str, Callable[[Report, str], str]] = {
    "docker": _docker,
    "compose": _compose,
    "podman": _podman,
    "quadlet": _quadlet,
    "kubernetes": _kubernetes,
}
