"""Kubernetes manifests as ``kubectl kustomize`` gives them, and what tests ask of their pods."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
KUBECTL = Path(sys.prefix) / "bin" / "kubectl"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
# Every folder that is applied as it is; `example` is one with the component keda.
APPLIED = (
    *("overlays/cpu", "overlays/nvidia", "overlays/amd", "overlays/dra-nvidia"),
    *("nodes", "example"),
)

SITES = [folder for folder in APPLIED if folder != "nodes"]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What makes pods, and the pods' template."""

    kind: str
    name: str
    spec: Mapping[str, Any]

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.spec["template"]["metadata"]["labels"])

    @property
    def pod(self) -> Mapping[str, Any]:
        spec: Mapping[str, Any] = self.spec["template"]["spec"]
        return spec

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    @property
    def ports(self) -> dict[str, int]:
        """The pod's ports by name."""
        return {
            port["name"]: port["containerPort"]
            for container in self.pod["containers"]
            for port in container.get("ports", [])
        }


def render(folder: Path) -> list[dict[str, Any]]:
    """The objects of a folder; AssertionError with kubectl's words where it renders nothing."""
    done = subprocess.run(
        [str(KUBECTL), "kustomize", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # a warning: a field that is deprecated
    return [entry for entry in yaml.safe_load_all(done.stdout) if entry]


@cache
def rendered(folder: str) -> tuple[dict[str, Any], ...]:
    """The objects of a folder below ``deploy/kubernetes``."""
    return tuple(render(FOLDER / folder))


def of_kind(folder: str, kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind, by name."""
    return {o["metadata"]["name"]: o for o in rendered(folder) if o["kind"] == kind}


def workloads(folder: str) -> Iterator[Workload]:
    """Whatever makes pods."""
    for entry in rendered(folder):
        if entry["kind"] in WORKLOADS:
            yield Workload(kind=entry["kind"], name=entry["metadata"]["name"], spec=entry["spec"])


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes these labels; the empty one takes all."""
    wanted = selector.get("matchLabels", {}).items()
    if not all(labels.get(name) == value for name, value in wanted):
        return False
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In", "no other is used"
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True
