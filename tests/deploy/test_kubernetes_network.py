"""Who may reach whom in the namespace, as its network policies say it together."""

from itertools import product
from typing import Any

import pytest
from manifests import SITES, Workload, matches, of_kind, workloads


class Network:
    """Who may reach whom, as the policies of a folder say it."""

    def __init__(self, folder: str) -> None:
        self.policies = [entry["spec"] for entry in of_kind(folder, "NetworkPolicy").values()]

    def _rules(self, pod: Workload, way: str) -> list[dict[str, Any]]:
        chosen = [p for p in self.policies if matches(p["podSelector"], pod.labels)]
        # Without one that names the way, everything would be open.
        assert any(way.capitalize() in policy["policyTypes"] for policy in chosen)
        return [rule for policy in chosen for rule in policy.get(way, [])]

    def joins(self, source: Workload, target: Workload, port: str) -> bool:
        """Whether both ends let one pod reach a port of another."""
        out = self._allows(self._rules(source, "egress"), "to", target, (target, port))
        into = self._allows(self._rules(target, "ingress"), "from", source, (target, port))
        return out and into

    @staticmethod
    def _allows(
        rules: list[dict[str, Any]], word: str, other: Workload, where: tuple[Workload, str]
    ) -> bool:
        target, port = where
        numbers = (port, target.ports[port])
        for rule in rules:
            takes = any(
                "podSelector" in peer and matches(peer["podSelector"], other.labels)
                for peer in rule.get(word, [])
            )
            if takes and any(entry["port"] in numbers for entry in rule["ports"]):
                return True
        return False

    def leaves(self, pod: Workload) -> set[int]:
        """The ports outside of the namespace that a pod reaches."""
        return {
            entry["port"]
            for rule in self._rules(pod, "egress")
            if not any("podSelector" in peer for peer in rule.get("to", []))
            for entry in rule["ports"]
        }


@pytest.mark.parametrize("folder", SITES)
def test_roles_reach_what_they_need_and_nothing_else(folder):
    network = Network(folder)
    pods = {workload.name: workload for workload in workloads(folder)}
    joined = {
        (source.name, target.name)
        for source, target in product(pods.values(), pods.values())
        for port in target.ports
        if network.joins(source, target, port)
    }
    assert joined == {("worker-speech", "serve")}
    for name, pod in pods.items():
        assert network.leaves(pod) == ({53, 443} if name == "serve" else {53, 443, 5432})


@pytest.mark.parametrize("folder", SITES)
def test_the_internet_is_no_private_network(folder):
    (rule,) = of_kind(folder, "NetworkPolicy")["internet"]["spec"]["egress"]
    closed = {block for peer in rule["to"] for block in peer["ipBlock"]["except"]}
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= closed
    assert {"fc00::/7", "fe80::/10", "::1/128"} <= closed


def test_the_labeller_reaches_the_api_alone():
    (labeller,) = workloads("nodes")
    assert Network("nodes").leaves(labeller) == {443, 6443}
