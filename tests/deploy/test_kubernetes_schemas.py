"""The manifests, rendered by kubectl and held to the schemas of several versions of the API."""

import copy
import json
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
from manifests import APPLIED, FOLDER, of_kind, render, rendered

VERSIONS = ("1.33", "1.35", "1.37")
# Claims are of resource.k8s.io/v1, which came with 1.34.
WITH_CLAIMS = ("1.34", "1.35", "1.37")
KEDA = "keda.sh/v1alpha1"
# Of the fields that KEDA documents, those that are used here: the package of schemas has none of
# KEDA's kinds.
KEDA_SCHEMA = json.loads(Path(__file__).with_name("keda.schema.json").read_text("utf-8"))


def validate(entry: dict[str, object], version: str) -> None:
    kubernetes_validate.validate(entry, version, strict=True)


def cases() -> list[tuple[str, str]]:
    versions = {"overlays/dra-nvidia": WITH_CLAIMS}
    return [(folder, version) for folder in APPLIED for version in versions.get(folder, VERSIONS)]


@pytest.mark.parametrize(("folder", "version"), cases())
def test_every_field_is_the_apis(folder, version):
    checked = 0
    for entry in rendered(folder):
        if entry["apiVersion"] != KEDA:
            validate(entry, version)
            checked += 1
    assert checked > 5


def test_every_folder_that_can_be_applied_is_tested():
    found = {
        str(path.parent.relative_to(FOLDER))
        for path in FOLDER.rglob("kustomization.yaml")
        if "kind: Kustomization" in path.read_text("utf-8")
    }
    assert found - {"base"} == set(APPLIED)


def test_a_field_that_is_mistyped_would_be_found():
    deployment = copy.deepcopy(of_kind("overlays/cpu", "Deployment")["bot"])
    deployment["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(deployment, VERSIONS[-1])


def test_claims_need_an_api_that_has_them():
    claim = of_kind("overlays/dra-nvidia", "ResourceClaimTemplate")["gpu"]
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        validate(claim, VERSIONS[0])


def test_kedas_kinds_have_the_fields_that_it_documents():
    kinds = [entry for entry in rendered("example") if entry["apiVersion"] == KEDA]
    assert {entry["kind"] for entry in kinds} == {"ScaledObject", "TriggerAuthentication"}
    for entry in kinds:
        jsonschema.validate(entry, KEDA_SCHEMA)
        wrong = copy.deepcopy(entry)
        wrong["spec"]["triggerz"] = []
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, KEDA_SCHEMA)


@pytest.mark.parametrize("overlay", ["cpu", "nvidia", "amd", "dra-nvidia"])
def test_each_overlay_takes_the_components(overlay, tmp_path):
    # kubectl takes no absolute path, so the site's folder lies beside ours.
    (tmp_path / "kubernetes").symlink_to(FOLDER)
    site = FOLDER / "overlays" / overlay
    relative = Path("kubernetes") / site.relative_to(FOLDER)
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\n"
        "kind: Kustomization\n"
        "namespace: alternator\n"
        f"resources: [../{relative}]\n"
        "components: [../kubernetes/components/keda, ../kubernetes/components/signup]\n"
    )
    objects = render(folder)
    scaled = {
        (entry["spec"]["scaleTargetRef"].get("kind", "Deployment"), entry["metadata"]["name"])
        for entry in objects
        if entry["kind"] == "ScaledObject"
    }
    assert len(scaled) == 3
    for entry in objects:
        name = entry["metadata"]["name"]
        if entry["kind"] == "Deployment":
            env = {one["name"] for one in entry["spec"]["template"]["spec"]["containers"][0]["env"]}
            assert "ALTERNATOR_SIGNUP_KEY_FILE" in env
        if entry["kind"] in ("Deployment", "StatefulSet"):
            # Whatever KEDA scales must not be set back by the next `kubectl apply`.
            assert ("replicas" in entry["spec"]) is ((entry["kind"], name) not in scaled), name
