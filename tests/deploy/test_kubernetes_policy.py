"""What the manifests must hold beyond the API's schemas: who may do what, and that names agree."""

import re
import tomllib

import pytest
from manifests import APPLIED, FOLDER, SITES, matches, of_kind, rendered, workloads

from alternator.cli import distribution, installed_commands
from alternator.config.dashboard import DashboardSettings
from alternator.config.variables import known_variables
from images.catalog import image_tag, load_catalog
from probe.machine.variables import CONFIG_FILE
from probe.nodes.command import NODE
from probe.nodes.labels import PREFIX
from probe.report.snippet_settings import MODELS, STATE, USER
from probe.tables.builds import line_of, load_table

ROLES = ("bot", "worker-vision", "worker-speech", "serve", "web")
PODS = [(folder, workload) for folder in APPLIED for workload in workloads(folder)]
IDS = [f"{folder}:{workload.name}" for folder, workload in PODS]
# Beside the configuration's keys: what the container itself reads.
OTHER_VARIABLES = {CONFIG_FILE, NODE, "TMPDIR"}
# Of the pod security standard `restricted`:
# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
VOLUMES = {"configMap", "emptyDir", "secret", "persistentVolumeClaim", "ephemeral", "projected"}


each_pod = pytest.mark.parametrize(("folder", "workload"), PODS, ids=IDS)


@each_pod
def test_every_pod_is_restricted(folder, workload):
    pod = workload.pod
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert (context["runAsUser"], context["runAsGroup"]) == (USER, USER)
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert 0 not in context.get("supplementalGroups", [])
    for container in workload.containers:
        own = container["securityContext"]
        assert own == {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }, container["name"]
        assert all("hostPort" not in port for port in container.get("ports", []))
    for volume in pod["volumes"]:
        (kind,) = set(volume) - {"name"}
        assert kind in VOLUMES, volume
        if kind == "emptyDir":
            assert volume["emptyDir"]["sizeLimit"], volume


@pytest.mark.parametrize("folder", APPLIED)
def test_every_namespace_takes_restricted_pods_only(folder):
    (space,) = of_kind(folder, "Namespace").values()
    levels = {
        mode: space["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"]
        for mode in ("enforce", "audit", "warn")
    }
    assert set(levels.values()) == {"restricted"}
    spaces = {
        entry["metadata"]["namespace"]
        for entry in rendered(folder)
        if "namespace" in entry["metadata"]
    }
    assert spaces == {space["metadata"]["name"]}


@each_pod
def test_every_container_has_its_bounds(folder, workload):
    for container in workload.containers:
        resources = container["resources"]
        assert {"cpu", "memory"} <= set(resources["requests"])
        assert "memory" in resources["limits"]


@each_pod
def test_only_the_labeller_has_a_token(folder, workload):
    account = of_kind(folder, "ServiceAccount")[workload.pod["serviceAccountName"]]
    has_token = workload.pod.get("automountServiceAccountToken", True) and account.get(
        "automountServiceAccountToken", True
    )
    assert has_token is (workload.name == "labeller")
    assert workload.pod["enableServiceLinks"] is False


def test_the_labeller_may_read_and_patch_nodes_and_nothing_else():
    (role,) = of_kind("nodes", "ClusterRole").values()
    assert role["rules"] == [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "patch"]}]
    (binding,) = of_kind("nodes", "ClusterRoleBinding").values()
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    (subject,) = binding["subjects"]
    account = of_kind("nodes", "ServiceAccount")[subject["name"]]
    assert subject["namespace"] == account["metadata"]["namespace"]
    for folder in SITES:
        kinds = {entry["kind"] for entry in rendered(folder)}
        assert not {kind for kind in kinds if "Role" in kind}


@pytest.mark.parametrize("folder", APPLIED)
def test_every_selector_finds_a_pod(folder):
    pods = list(workloads(folder))
    for workload in pods:
        found = [other.name for other in pods if matches(workload.spec["selector"], other.labels)]
        assert found == [workload.name]
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
        for name, entry in of_kind(folder, kind).items():
            selector = entry["spec"].get("podSelector", entry["spec"].get("selector"))
            selector = {"matchLabels": selector} if kind == "Service" else selector
            found = [pod.name for pod in pods if matches(selector, pod.labels)]
            assert found, (kind, name)
            if kind != "NetworkPolicy":
                assert found == [name]


@pytest.mark.parametrize("folder", SITES)
def test_every_role_is_there_and_can_be_moved(folder):
    pods = {workload.name: workload for workload in workloads(folder)}
    assert set(pods) == set(ROLES)
    budgets = of_kind(folder, "PodDisruptionBudget")
    assert set(budgets) == set(ROLES)
    for name, workload in pods.items():
        assert budgets[name]["spec"]["maxUnavailable"] == 1
        (spread,) = workload.pod["topologySpreadConstraints"]
        assert matches(spread["labelSelector"], workload.labels)
        assert set(spread["matchLabelKeys"]) <= set(workload.labels)


@each_pod
def test_whatever_a_pod_names_is_there(folder, workload):
    for volume in workload.pod["volumes"]:
        if "configMap" in volume:
            assert volume["configMap"]["name"] in of_kind(folder, "ConfigMap")
        if "secret" in volume:
            assert volume["secret"]["secretName"] in of_kind(folder, "Secret")
    claims = {claim["name"]: claim for claim in workload.pod.get("resourceClaims", [])}
    for claim in claims.values():
        assert claim["resourceClaimTemplateName"] in of_kind(folder, "ResourceClaimTemplate")
    named = {volume["name"] for volume in workload.pod["volumes"]}
    named |= {claim["metadata"]["name"] for claim in workload.spec.get("volumeClaimTemplates", [])}
    for container in workload.containers:
        assert {mount["name"] for mount in container.get("volumeMounts", [])} <= named
        used = {claim["name"] for claim in container["resources"].get("claims", [])}
        assert used <= set(claims)


@each_pod
def test_every_variable_is_a_key_of_the_configuration(folder, workload):
    for container in workload.containers:
        names = {entry["name"] for entry in container.get("env", [])}
        assert names <= set(known_variables()) | OTHER_VARIABLES


@each_pod
def test_every_file_that_a_variable_names_is_mounted(folder, workload):
    volumes = {volume["name"]: volume for volume in workload.pod["volumes"]}
    for container in workload.containers:
        mounted = set()
        for mount in container.get("volumeMounts", []):
            volume = volumes.get(mount["name"], {})
            source = volume.get("secret", volume.get("configMap", {}))
            name = source.get("secretName", source.get("name"))
            entry = {**of_kind(folder, "Secret"), **of_kind(folder, "ConfigMap")}.get(name, {})
            mounted |= {f"{mount['mountPath']}/{key}" for key in entry.get("data", {})}
        for variable in container.get("env", []):
            if variable["name"].endswith("_FILE") or variable["name"] == CONFIG_FILE:
                assert variable["value"] in mounted, variable


@pytest.mark.parametrize("folder", SITES)
def test_state_and_models_lie_where_the_image_has_them(folder):
    for workload in workloads(folder):
        (main,) = workload.pod["containers"]
        mounts = {mount["mountPath"] for mount in main["volumeMounts"]}
        assert {STATE, "/tmp"} <= mounts
        assert (MODELS in mounts) is (workload.name == "serve")


@each_pod
def test_every_command_is_one(folder, workload):
    commands = installed_commands(distribution())
    for container in workload.containers:
        program, command, *_ = container["args"]
        assert program == "alternator"
        assert command in commands


@pytest.mark.parametrize("folder", SITES)
def test_ports_agree(folder):
    pods = {workload.name: workload for workload in workloads(folder)}
    text = (FOLDER / "base" / "alternator.toml").read_text("utf-8")
    configured = tomllib.loads(text)
    assert pods["web"].ports == {
        "http": configured["dashboard"].get("port", DashboardSettings.port)
    }
    for role in ("bot", "worker-vision", "worker-speech"):
        assert pods[role].ports == {"metrics": configured["metrics"].get("port", 9464)}
    for name, entry in of_kind(folder, "Service").items():
        for port in entry["spec"]["ports"]:
            assert port["targetPort"] in pods[name].ports
    url = re.fullmatch(r"http://([a-z]+):(\d+)/v1", configured["whisper"]["server_url"])
    assert url is not None
    (port,) = of_kind(folder, "Service")[url[1]]["spec"]["ports"]
    assert port["port"] == int(url[2])


@pytest.mark.parametrize("folder", SITES)
def test_every_role_is_asked_how_it_is(folder):
    for workload in workloads(folder):
        (main,) = workload.pod["containers"]
        for kind, path in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
            question = main[kind]["httpGet"]
            assert (question["path"], question["port"] in workload.ports) == (path, True)
        assert main["startupProbe"]["httpGet"]["port"] in workload.ports


@pytest.mark.parametrize("folder", APPLIED)
def test_images_are_those_that_are_built(folder):
    catalog = load_catalog()
    built = {image_tag(variant) for variant in catalog.variants.values()}
    for workload in workloads(folder):
        for container in workload.containers:
            assert container["image"].rpartition("/")[2] in built


@pytest.mark.parametrize(
    ("overlay", "resource", "vendor"),
    [("nvidia", "nvidia.com/gpu", "nvidia"), ("amd", "amd.com/gpu", "amd")],
)
def test_a_gpus_image_is_the_one_for_the_nodes_it_goes_to(overlay, resource, vendor):
    serve = next(w for w in workloads(f"overlays/{overlay}") if w.name == "serve")
    terms = serve.pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    (term,) = terms
    wanted = {rule["key"]: rule["values"] for rule in term["matchExpressions"]}
    variant = next(
        entry
        for entry in load_catalog().variants.values()
        if image_tag(entry) == serve.pod["containers"][0]["image"]
    )
    assert wanted == {f"{PREFIX}gpu": [vendor], f"{PREFIX}torch-build": [variant.wheel]}
    for container in serve.containers:
        assert container["resources"]["limits"][resource] == "1"
    assert any(taint["key"] == resource for taint in serve.pod["tolerations"])


@pytest.mark.parametrize("overlay", ["nvidia", "amd", "dra-nvidia"])
def test_a_gpu_is_probed_before_it_is_held(overlay):
    serve = next(w for w in workloads(f"overlays/{overlay}") if w.name == "serve")
    (probe,) = serve.pod["initContainers"]
    assert probe["args"] == ["alternator", "probe", "--require-gpu"]
    main = serve.pod["containers"][0]
    assert probe["image"] == main["image"]

    def given(container):
        own = container["resources"]
        limits = {name: own["limits"][name] for name in own["limits"] if "/" in name}
        return own.get("claims"), limits

    assert given(probe) == given(main) != (None, {})


def test_a_claim_asks_for_what_the_build_needs():
    claim = of_kind("overlays/dra-nvidia", "ResourceClaimTemplate")["gpu"]
    (request,) = claim["spec"]["spec"]["devices"]["requests"]
    said = " ".join(entry["cel"]["expression"] for entry in request["exactly"]["selectors"])
    floors = dict(re.findall(r"\]\.(\w+)\s+\.compareTo\(semver\(\"([\d.]+)\"\)\) >= 0", said))
    variant = load_catalog().variants["cuda"]
    build = load_table().find(line_of(variant.torch), variant.wheel)
    assert build is not None
    oldest = min(min(code.capabilities) for code in build.cuda_code.values())
    assert floors == {
        "cudaComputeCapability": f"{oldest[0]}.{oldest[1]}.0",
        "driverVersion": "580.0.0",
    }


@pytest.mark.parametrize("folder", SITES)
def test_keda_and_workloads_that_it_scales_are_there(folder):
    names = {workload.name: workload for workload in workloads(folder)}
    secrets = of_kind(folder, "Secret")
    for entry in of_kind(folder, "TriggerAuthentication").values():
        for reference in entry["spec"]["secretTargetRef"]:
            assert reference["key"] in secrets[reference["name"]]["data"]
    for entry in of_kind(folder, "ScaledObject").values():
        target = entry["spec"]["scaleTargetRef"]
        assert names[target["name"]].kind == target.get("kind", "Deployment")
        for trigger in entry["spec"]["triggers"]:
            reference = trigger["authenticationRef"]["name"]
            assert reference in of_kind(folder, "TriggerAuthentication")
            queue = re.search(r"queue_name = '(\w+)'", trigger["metadata"]["query"])
            assert queue is not None
            assert queue[1] == ("speech" if target["name"] == "serve" else target["name"][7:])


@pytest.mark.parametrize("folder", SITES)
def test_workers_ask_for_the_model_that_serve_has(folder):
    names = {
        "serve": "ALTERNATOR_WHISPER_MODEL",
        "worker-speech": "ALTERNATOR_WHISPER_SERVER_MODEL",
    }
    found = {
        entry["value"]
        for workload in workloads(folder)
        for entry in workload.pod["containers"][0].get("env", [])
        if entry["name"] == names.get(workload.name)
    }
    assert len(found) == 1


def test_the_examples_configuration_is_the_bases():
    texts = [(FOLDER / name / "alternator.toml").read_text("utf-8") for name in ("base", "example")]
    assert texts[0] == texts[1]
