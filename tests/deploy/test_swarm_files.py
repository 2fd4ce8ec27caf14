"""The Swarm stack's files, without a swarm: what they name is there, and agrees."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from alternator.cli import distribution, installed_commands
from alternator.config.load import load_cluster
from alternator.config.variables import known_variables
from images.catalog import AnyImage, image_tag, load_catalog
from probe.report.snippet_settings import PIDS_LIMIT

FOLDER = Path(__file__).parents[2] / "deploy"
SWARM = FOLDER / "swarm"
FILES = ("stack.yaml", "stack.sandbox.yaml", "stack.nvidia.yaml", "stack.signup.yaml")
CONFIGURATIONS = (SWARM / "alternator.toml", FOLDER / "kubernetes" / "base" / "alternator.toml")
OTHERS = {
    *("TMPDIR", "POSTGRES_PASSWORD_FILE"),
    *("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES"),
}


def services(name: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((SWARM / name).read_text("utf-8"))["services"]
    return found


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.parts[-3])
def test_a_role_takes_the_configuration(path: Path) -> None:
    environ = {
        "ALTERNATOR_DATABASE_URL": "postgresql://alternator@postgres/alternator",
        "ALTERNATOR_MASTODON_ACCESS_TOKEN": "token",
        "ALTERNATOR_VISION_API_KEY": "key",
        "ALTERNATOR_DASHBOARD_TOKEN": "sixteen-characters",
    }
    config = load_cluster(path, environ)
    assert len(config.accounts) == 1
    assert (config.base.whisper.engine, config.base.metrics.host) == ("openai-api", "0.0.0.0")


@pytest.mark.parametrize("name", FILES)
def test_every_variable_is_one(name: str) -> None:
    for service, entry in services(name).items():
        assert set(entry.get("environment", {})) <= set(known_variables()) | OTHERS, service


def test_every_command_is_one_and_every_task_has_its_bounds() -> None:
    commands = installed_commands(distribution())
    found = services("stack.yaml")
    for service, entry in found.items():
        deploy = entry["deploy"]
        assert {"memory", "pids"} <= set(deploy["resources"]["limits"]), service
        assert deploy["endpoint_mode"] == "dnsrr", service
        assert deploy["update_config"]["failure_action"] == "rollback", service
        assert (entry["read_only"], entry["cap_drop"]) == (True, ["ALL"]), service
        if service != "postgres":
            assert deploy["resources"]["limits"]["pids"] == PIDS_LIMIT
            program, command, *_ = entry["command"]
            assert (program, command in commands) == ("alternator", True), service
    replicas = {service: entry["deploy"]["replicas"] for service, entry in found.items()}
    assert replicas["bot"] == replicas["worker-vision"] == replicas["worker-speech"] == 2
    assert replicas["postgres"] == 1


def test_a_secret_is_its_users_and_goes_to_whom_it_concerns() -> None:
    users = {"postgres": str(load_catalog().postgres.user)}
    for service, entry in services("stack.yaml").items():
        given = {secret["source"]: secret for secret in entry.get("secrets", [])}
        for secret in given.values():
            assert (secret["uid"], secret["mode"]) == (users.get(service, "10001"), 0o400)
        for variable, value in entry.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in given, (service, variable)
        assert ("database-password" in given) is (service == "postgres")
        if service == "serve":
            assert given == {}


def test_the_key_of_sign_ups_goes_to_whom_it_concerns() -> None:
    found = services("stack.signup.yaml")
    # All that get the operator's token may get members'; `serve` and the database get neither.
    with_token = {
        service
        for service, entry in services("stack.yaml").items()
        if "access-token" in {secret["source"] for secret in entry.get("secrets", [])}
    }
    assert set(found) == with_token - {"db-upgrade"}
    for entry in found.values():
        (given,) = entry["secrets"]
        assert (given["source"], given["uid"], given["mode"]) == ("signup-key", "10001", 0o400)
        assert entry["environment"]["ALTERNATOR_SIGNUP_KEY_FILE"] == "/run/secrets/signup-key"


def test_images_are_those_that_are_built() -> None:
    catalog = load_catalog()
    images: list[AnyImage] = [*catalog.variants.values(), catalog.postgres, catalog.sandbox]
    built = {image_tag(image) for image in images}
    named = {
        entry["image"].partition(":-")[2].rstrip("}")
        for name in FILES
        for entry in services(name).values()
        if "image" in entry
    }
    assert named <= built
    cuda = catalog.variants["cuda"]
    assert image_tag(cuda) in named
    (gpu,) = services("stack.nvidia.yaml").values()
    assert (
        f"node.labels.alternator.torch-build == {cuda.wheel}"
        in (gpu["deploy"]["placement"]["constraints"])
    )
