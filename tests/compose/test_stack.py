"""Which files and variables make up a stack; both Compose generations accept them."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import certifi
import kubernetes_validate
import pytest
import yaml

from alternator.config.settings import SECTIONS, keys_of
from alternator.config.source import OTHER_NAMES, variable
from alternator.serve.options import parse
from compose import handed, stack
from compose.dashboard import DEMO_TOKEN
from compose.errors import ComposeError
from compose.stack import Bot, Project, Stack
from images.catalog import CHECKOUT
from images.engine.engine import Engine
from images.errors import EngineError


@pytest.fixture
def project() -> Project:
    """A project on whatever Compose is here; nothing is started."""
    engine = Engine(os.environ)
    try:
        _ = engine.compose_command
    except EngineError as error:
        pytest.skip(str(error))
    return Project(name="alternator-test", engine=engine)


@pytest.mark.parametrize("variant", ["cpu", "cuda", "rocm"])
@pytest.mark.parametrize("purpose", ["demo", "account"])
def test_compose_accepts_the_files(variant: str, purpose: str, project: Project) -> None:
    groups = {
        "ALTERNATOR_RENDER_GID": "109",
        "ALTERNATOR_VIDEO_GID": "44",
        "ALTERNATOR_NVIDIA_GID": "27",
    }
    environ = {"REQUESTS_CA_BUNDLE": certifi.where()}
    if purpose == "demo":
        bot = Bot(
            device=variant, image="image:1", variables=groups, handed=handed.for_demo(environ)
        )
        files = stack.demo_stack(bot, "sandbox:1", 3000)
    else:
        given = handed.for_account(environ, None)
        files = stack.account_stack(
            Bot(device=variant, image="image:1", variables=groups, handed=given)
        )
    text = project.compose(files, "config")
    assert "read_only: true" in text
    assert "no-new-privileges:true" in text
    assert ("/dev/kfd" in text) == (variant == "rocm")
    assert ("nvidia" in text) == variant.startswith("cuda")
    # Not looked for in the text, where pytest's own folder may be its number 109.
    bot_service = yaml.safe_load(text)["services"]["bot"]
    expected = {"cpu": [], "cuda": ["27"], "rocm": ["109", "44"]}
    assert [str(group) for group in bot_service.get("group_add", [])] == expected[variant]
    assert bot_service["environment"]["SSL_CERT_FILE"] == "/etc/alternator/ca.pem"
    sizes = [service["tmpfs"] for service in yaml.safe_load(text)["services"].values()]
    assert all("size=" in entry for entries in sizes for entry in entries)


def of_the_bot(project: Project, files: Stack) -> dict[str, str | None]:
    """The bot's variables, as Compose would set them."""
    service = yaml.safe_load(project.compose(files, "config"))["services"]["bot"]
    return {name: value for name, value in service["environment"].items() if value is not None}


def test_the_operators_variables_reach_the_bot(project: Project, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("t")
    environ = {
        **os.environ,
        "TZ": "Europe/Berlin",
        "https_proxy": "http://proxy.example:3128",
        "HTTP_PROXY": "http://127.0.0.1:3128",
        "ALTERNATOR_WHISPER_MODEL": "small",
        "ALTERNATOR_WHISPER_BACKEND": "auto",
        "ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE": str(secret),
        "ALTERNATOR_WHISPER_MODEL_DIR": "/home/me/models",
    }
    given = handed.for_account(environ, None)
    files = stack.account_stack(Bot(device="cpu", image="image:1", handed=given))
    found = of_the_bot(replace(project, engine=Engine(environ)), files)
    assert found["TZ"] == "Europe/Berlin"
    assert found["https_proxy"] == "http://proxy.example:3128"
    assert "HTTP_PROXY" not in found
    assert found["ALTERNATOR_WHISPER_MODEL"] == "small"
    assert found["ALTERNATOR_WHISPER_BACKEND"] == "cpu"  # as was decided for this engine
    inside = found["ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE"]
    assert inside == "/etc/alternator/mastodon_access_token"
    assert "ALTERNATOR_WHISPER_MODEL_DIR" not in found  # the volume's place


def test_the_demo_keeps_to_its_own_settings_and_asks_no_proxy_for_its_servers(
    project: Project,
) -> None:
    environ = {
        **os.environ,
        "NO_PROXY": "intranet.example",
        "ALTERNATOR_MASTODON_ACCESS_TOKEN": "a real one",
        "ALTERNATOR_MASTODON_INSTANCE_URL": "https://mastodon.example",
    }
    given = handed.for_demo(environ)
    files = stack.demo_stack(Bot(device="cpu", image="i:1", handed=given), "sandbox:1", 3000)
    text = replace(project, engine=Engine(environ)).compose(files, "config")
    assert "a real one" not in text
    assert "mastodon.example" not in text
    spared = "intranet.example,sandbox,vision,localhost,127.0.0.1"
    for service in yaml.safe_load(text)["services"].values():
        assert service["environment"]["no_proxy"] == spared
        assert service["environment"]["NO_PROXY"] == spared


def test_a_dashboard_is_published_on_this_machine_alone(project: Project) -> None:
    bot = Bot(
        device="cpu", image="i:1", dashboard=("dashboard",), variables={"DASHBOARD_PORT": "9000"}
    )
    text = project.compose(stack.demo_stack(bot, "sandbox:1", 3000), "config")
    service = yaml.safe_load(text)["services"]["bot"]
    assert "127.0.0.1:9000:8766" in text or (
        service["ports"][0].items()
        >= {"host_ip": "127.0.0.1", "published": "9000", "target": 8766}.items()
    )
    environment = service["environment"]
    assert environment["ALTERNATOR_DASHBOARD_HOST"] == "0.0.0.0"
    assert environment["ALTERNATOR_DASHBOARD_PORT"] == "8766"
    assert environment["ALTERNATOR_DASHBOARD_TOKEN"] == DEMO_TOKEN


def test_without_one_nothing_of_the_bot_is_published(project: Project) -> None:
    text = project.compose(stack.demo_stack(Bot(device="cpu", image="i:1"), "s:1", 3000), "config")
    assert "ports" not in yaml.safe_load(text)["services"]["bot"]


@pytest.mark.parametrize("podman", [True, False])
def test_podman_gets_a_log_driver_that_it_has(project: Project, podman: bool) -> None:
    bot = Bot(device="cpu", image="i:1", podman=podman)
    text = project.compose(stack.demo_stack(bot, "sandbox:1", 3000), "config")
    services = yaml.safe_load(text)["services"]
    drivers = {service["logging"]["driver"] for service in services.values()}
    assert drivers == {"k8s-file" if podman else "local"}
    expected = {"max-size": "100m"} if podman else None
    assert services["bot"]["logging"].get("options") == expected


def test_every_documented_variable_is_named_once() -> None:
    text = (stack.FOLDER / "environment.yaml").read_text("utf-8")
    named = list(yaml.safe_load(text)["services"]["bot"]["environment"])
    fixed = {("state", "directory"), ("whisper", "model_dir")}  # the volumes'
    documented = [
        name + suffix
        for section, cls in SECTIONS.items()
        # A section that had another name in the Rust bot's files is told under both.
        for written in (section, *(old for old, new in OTHER_NAMES.items() if new == section))
        for key, facts in keys_of(cls).items()
        if key != "python_executable" and (section, key) not in fixed
        for name in [variable(written, key)]
        for suffix in (["", "_FILE"] if facts.secret else [""])
    ]
    assert named == documented


def test_an_overlay_of_the_operators_is_read_last(tmp_path: Path, project: Project) -> None:
    (tmp_path / "ours.yaml").write_text("services: {bot: {image: 'a:1', user: '1'}}\n")
    (tmp_path / "override.yaml").write_text("services: {bot: {user: '2'}}\n")
    text = replace(project, folder=tmp_path).compose(
        Stack(overlays=("ours",), variables={}), "config"
    )
    assert str(yaml.safe_load(text)["services"]["bot"]["user"]) == "2"


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_universal_image_gets_a_volume_and_the_wheelhouse(
    device: str, project: Project
) -> None:
    bot = Bot(device=device, image="image:1", universal=True)
    files = stack.demo_stack(bot, "sandbox:1", 3000)
    assert files.overlays == ("compose", device, "universal", "demo")
    text = project.compose(files, "config")
    assert "/var/lib/alternator/builds" in text
    assert f"{CHECKOUT}/images/wheelhouse" in text
    assert "/var/lib/alternator/state" in text
    assert ("nvidia" in text) == (device == "cuda")


def test_the_demo_listens_on_this_machine_only() -> None:
    text = (stack.FOLDER / "demo.yaml").read_text()
    ports = [line.strip() for line in text.splitlines() if ":3000" in line and "- " in line]
    assert ports == ["- 127.0.0.1:${SANDBOX_PORT:-3000}:3000"]


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_bad_port_is_named(port: str) -> None:
    with pytest.raises(ComposeError, match=f"SANDBOX_PORT={port} is no port"):
        stack.sandbox_port({"SANDBOX_PORT": port})
    assert stack.sandbox_port({}) == 3000


def test_a_second_project_has_a_name_of_its_own() -> None:
    assert stack.project_here(Engine({})).name == "alternator"
    assert stack.project_here(Engine({"ALTERNATOR_PROJECT": "second"})).name == "second"


def test_a_compose_failure_has_its_last_words(tmp_path: Path, project: Project) -> None:
    (tmp_path / "broken.yaml").write_text("services:\n  bot:\n    image: ${NOT_SET:?say which}\n")
    broken = Stack(overlays=("broken",), variables={})
    with pytest.raises(ComposeError, match="say which"):
        replace(project, folder=tmp_path).compose(broken, "config")


def test_a_service_is_written_in_the_place_of_a_file(tmp_path: Path) -> None:
    bot = Bot(device="rocm", image="image:1", service={"devices": ["/dev/kfd:/dev/kfd"]})
    files = stack.demo_stack(bot, "sandbox:1", 3000)
    (file,) = files.written(tmp_path)
    assert yaml.safe_load(file.read_text()) == {
        "services": {"bot": {"devices": ["/dev/kfd:/dev/kfd"]}}
    }
    assert "rocm" not in files.overlays
    assert stack.everything().written(tmp_path) == []


def test_the_files_need_no_engine_to_be_found() -> None:
    missing = [path for path in stack.everything().files() if not path.is_file()]
    assert missing == []


def test_down_is_refused_without_an_engine(tmp_path: Path) -> None:
    result = subprocess.run(
        [".venv/bin/alternator", "down"],
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"},
        cwd=stack.FOLDER.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("alternator down: no container engine answers")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("variant", ["cpu", "cuda", "rocm", "universal"])
def test_compose_accepts_the_server_alone(variant: str, project: Project) -> None:
    variables = {
        "ALTERNATOR_IMAGE": "image:1",
        "ALTERNATOR_RENDER_GID": "109",
        "ALTERNATOR_VIDEO_GID": "44",
    }
    files = Stack(overlays=("compose", variant, "serve"), variables=variables)
    service = yaml.safe_load(project.compose(files, "config"))["services"]["bot"]
    # The words are those that the command takes.
    options = parse(service["command"][2:])
    assert service["command"][:2] == ["alternator", "serve"]
    assert (options.host, options.port, options.wyoming_port) == ("0.0.0.0", 8000, 10300)
    seconds = {"310s": 310, "5m10s": 310}[service["stop_grace_period"]]
    assert seconds > options.grace_seconds
    assert service["read_only"] is True and "ALL" in service["cap_drop"]
    assert "readyz" in service["healthcheck"]["test"][-1]
    published = json.dumps(service["ports"])
    assert "127.0.0.1" in published and "8000" in published and "10300" in published


def test_a_cluster_takes_the_server_alone() -> None:
    """By the published schemas, strictly: a field that is misspelt or misplaced is refused."""
    text = (stack.FOLDER / "serve.kubernetes.yaml").read_text(encoding="utf-8")
    claim, service, deployment = yaml.safe_load_all(text)
    for part in (claim, service, deployment):
        kubernetes_validate.validate(part, "1.30", strict=True)
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    options = parse(container["args"][2:])
    assert container["args"][:2] == ["alternator", "serve"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": options.port, "wyoming": options.wyoming_port}
    assert {port["name"]: port["port"] for port in service["spec"]["ports"]} == ports
    assert pod["terminationGracePeriodSeconds"] > options.grace_seconds
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"] == labels
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted.keys() == {volume["name"] for volume in pod["volumes"]}
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert variables["TMPDIR"] == mounted["uploads"]
    claimed = [one["persistentVolumeClaim"] for one in pod["volumes"] if one["name"] == "models"]
    assert claimed == [{"claimName": claim["metadata"]["name"]}]
