"""The labeller's admission policy, whose expressions are evaluated by CEL's own runtime."""

import copy
from typing import Any

import pytest
from cel_expr_python import cel
from manifests import of_kind, workloads

NODE: dict[str, Any] = {
    "metadata": {
        "name": "gpu-1",
        "labels": {"kubernetes.io/hostname": "gpu-1", "alternator.dev/gfx": "gfx1100"},
        "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
    },
    "spec": {"podCIDR": "10.1.0.0/24"},
}
NODE_NAME = "authentication.kubernetes.io/node-name"
ACCOUNT = "system:serviceaccount:alternator-nodes:labeller"
POLICY = of_kind("nodes", "ValidatingAdmissionPolicy")["alternator-node-labeller"]["spec"]


def evaluate(expression: str, changed: object, extra: dict[str, list[str]], user: str) -> bool:
    names = ("object", "oldObject", "request")
    environment = cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN))
    request = {"userInfo": {"username": user, "extra": extra}}
    data = {"object": changed, "oldObject": NODE, "request": request}
    value = environment.compile(expression).eval(data=data).value()
    assert isinstance(value, bool), (expression, value)
    return value


def denied(changed: object, node: str | None = "gpu-1", user: str = ACCOUNT) -> list[str]:
    """The messages of what does not hold; none for what the policy is not about."""
    extra = {} if node is None else {NODE_NAME: [node]}
    if not all(
        evaluate(condition["expression"], changed, extra, user)
        for condition in POLICY["matchConditions"]
    ):
        return []
    return [
        rule["message"]
        for rule in POLICY["validations"]
        if not evaluate(rule["expression"], changed, extra, user)
    ]


def changed(part: str, **entries: str | None) -> dict[str, Any]:
    node = copy.deepcopy(NODE)
    place = node["spec"] if part == "spec" else node["metadata"].setdefault(part, {})
    for name, value in entries.items():
        if value is None:
            place.pop(name)
        else:
            place[name] = value
    return node


def test_our_labels_come_and_go():
    node = changed("labels", **{"alternator.dev/gpu": "nvidia", "alternator.dev/gfx": None})
    assert denied(node) == []


@pytest.mark.parametrize("name", [None, "gpu-2"])
def test_another_node_is_not_its_own(name):
    assert denied(NODE, node=name) == ["the labeller patches the node that its own pod runs on"]


@pytest.mark.parametrize(
    "labels",
    [
        {"kubernetes.io/hostname": "other"},
        {"kubernetes.io/hostname": None},
        {"node-role.kubernetes.io/control-plane": ""},
        {"alternator.development/gpu": "nvidia"},
    ],
)
def test_labels_of_others_stay(labels):
    assert denied(changed("labels", **labels)) == [
        "the labeller changes labels of alternator.dev alone"
    ]


@pytest.mark.parametrize(
    "node",
    [
        changed("spec", podCIDR="10.2.0.0/24"),
        changed("spec", unschedulable="true"),
        changed("annotations", other="x"),
        {**NODE, "metadata": {k: v for k, v in NODE["metadata"].items() if k != "annotations"}},
    ],
)
def test_nothing_but_labels_changes(node):
    assert denied(node) == ["the labeller changes nothing but labels"]


def test_others_are_not_held_to_it():
    user = "system:node:gpu-1"
    assert denied(changed("spec", podCIDR="10.2.0.0/24"), node=None, user=user) == []


def test_the_policy_is_about_the_labellers_account_and_in_force():
    (labeller,) = workloads("nodes")
    space = of_kind("nodes", "DaemonSet")["labeller"]["metadata"]["namespace"]
    account = f"system:serviceaccount:{space}:{labeller.pod['serviceAccountName']}"
    assert account == ACCOUNT
    (binding,) = of_kind("nodes", "ValidatingAdmissionPolicyBinding").values()
    assert binding["spec"] == {
        "policyName": "alternator-node-labeller",
        "validationActions": ["Deny"],
    }
    assert POLICY["failurePolicy"] == "Fail"
