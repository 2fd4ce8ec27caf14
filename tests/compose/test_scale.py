"""The stack in roles: its files, as Compose merges them, and what the command decides."""

import io
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_engine import FakeEngine, fake_builder

from alternator.cli import distribution, installed_commands
from alternator.config.variables import known_variables
from alternator.serve.options import parse
from compose import scale
from compose.cli import Choice, Wish
from compose.errors import ComposeError, DeviceError
from compose.stack import FOLDER, Project, Stack
from images.catalog import load_catalog
from images.console import Console
from images.engine.engine import Engine
from images.errors import EngineError
from probe.machine.variables import DEBUG
from probe.report.host_report import VARIABLE as HOST_REPORT

DEVICES = ("cpu", "cuda", "cuda-cdi", "cuda-runtime", "rocm")
PURPOSES = ("sandbox", "account")
ROLES = ("bot", "worker-vision", "worker-speech", "web")
# Beside the configuration's keys: what the container and its libraries read.
OTHERS = {"TMPDIR", "TZ", "POSTGRES_PASSWORD_FILE", DEBUG, HOST_REPORT}
VARIABLES = {
    "ALTERNATOR_IMAGE": "image:1",
    "ALTERNATOR_POSTGRES_IMAGE": "postgres:1",
    "ALTERNATOR_SANDBOX_IMAGE": "sandbox:1",
    "ALTERNATOR_SECRETS": "/run/secrets-of-the-test",
    "ALTERNATOR_CONFIG_FOLDER": "/etc/alternator-of-the-test",
    "ALTERNATOR_RENDER_GID": "109",
    "ALTERNATOR_VIDEO_GID": "44",
}


@pytest.fixture(scope="module")
def project() -> Project:
    """A project on whatever Compose is here; nothing is started."""
    engine = Engine(os.environ)
    try:
        _ = engine.compose_command
    except EngineError as error:
        pytest.skip(str(error))
    return Project(name="alternator-test-scale", engine=engine)


@cache
def merged(project: Project, device: str = "cpu", purpose: str = "sandbox") -> dict[str, Any]:
    overlays = ("scale", f"scale.{device}", f"scale.{purpose}")
    stack = Stack(overlays=overlays, variables=VARIABLES, override="scale.override")
    found: dict[str, Any] = yaml.safe_load(project.compose(stack, "config"))
    return found


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_compose_accepts_the_files(project: Project, device: str, purpose: str) -> None:
    services = merged(project, device, purpose)["services"]
    assert {*ROLES, "postgres", "db-upgrade", "serve"} <= set(services)
    assert ("sandbox" in services) is (purpose == "sandbox")
    assert ("devices" in services["serve"]) is (device == "rocm")
    for role in ROLES:
        assert "devices" not in services[role]


@pytest.mark.parametrize("device", DEVICES)
def test_the_server_is_handed_what_the_bot_is(device: str) -> None:
    bots = (FOLDER / f"{device}.yaml").read_text("utf-8")
    servers = (FOLDER / f"scale.{device}.yaml").read_text("utf-8")
    assert servers == bots.replace("\n  bot:", "\n  serve:")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_container_is_held(project: Project, purpose: str) -> None:
    for name, service in merged(project, purpose=purpose)["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["pids_limit"] > 0, name
        assert service["mem_limit"], name
        assert service["restart"] == ("no" if name == "db-upgrade" else "unless-stopped"), name
        assert service["logging"]["driver"] == "local", name
        for place in service.get("tmpfs", []):
            assert "size=" in place, (name, place)
        published = [str(port) for port in service.get("ports", [])]
        assert all(port.startswith("127.0.0.1:") for port in published), name


def test_the_database_is_reached_by_the_roles_alone(project: Project) -> None:
    found = merged(project)
    assert found["networks"]["data"] == {"internal": True}
    inside = {name for name, service in found["services"].items() if "data" in service["networks"]}
    assert inside == {*ROLES, "postgres", "db-upgrade"}
    assert list(found["services"]["postgres"]["networks"]) == ["data"]


def test_each_secret_goes_to_whom_it_concerns(project: Project) -> None:
    found = merged(project)
    assert {name: entry["file"] for name, entry in found["secrets"].items()} == {
        name: f"{VARIABLES['ALTERNATOR_SECRETS']}/{name}"
        for name in ("database-password", "database-url", "dashboard-token")
    }
    given = {
        name: {entry["source"] for entry in service.get("secrets", [])}
        for name, service in found["services"].items()
    }
    assert given == {
        "postgres": {"database-password"},
        "db-upgrade": {"database-url"},
        **{role: {"database-url", "dashboard-token"} for role in ROLES},
        **{name: set() for name in ("serve", "sandbox", "vision")},
    }
    for name, service in found["services"].items():
        for variable, value in service["environment"].items():
            if variable.endswith("_FILE") and value:
                assert value.removeprefix("/run/secrets/") in given[name]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_variable_and_command_is_one(project: Project, purpose: str) -> None:
    proxies = {f"{kind}_proxy" for kind in ("http", "https", "no")}
    known = set(known_variables()) | OTHERS | proxies | {name.upper() for name in proxies}
    commands = installed_commands(distribution())
    for name, service in merged(project, purpose=purpose)["services"].items():
        assert set(service["environment"]) <= known, name
        if service["image"] == VARIABLES["ALTERNATOR_IMAGE"]:
            program, command, *_ = service["command"]
            assert (program, command in commands) == ("alternator", True), name


def test_workers_ask_the_server_for_the_model_that_it_has(project: Project) -> None:
    services = merged(project)["services"]
    options = parse(services["serve"]["command"][2:])
    asked = services["worker-speech"]["environment"]
    assert asked["ALTERNATOR_WHISPER_SERVER_URL"] == f"http://serve:{options.port}/v1"
    model = services["serve"]["environment"]["ALTERNATOR_WHISPER_MODEL"]
    assert asked["ALTERNATOR_WHISPER_SERVER_MODEL"] == Path(model).stem
    plain = merged(project, purpose="account")["services"]
    assert (
        plain["worker-speech"]["environment"]["ALTERNATOR_WHISPER_SERVER_MODEL"]
        == plain["serve"]["environment"]["ALTERNATOR_WHISPER_MODEL"]
        == "base"
    )


def begin(choice: Choice, wish: Wish | None = None) -> scale.Scale:
    builder = fake_builder(FakeEngine(environ={"PATH": "/nonexistent"}), Console(io.StringIO()))
    project = Project(name="p", engine=builder.engine)
    return scale.Scale(builder=builder, project=project, wish=wish or Wish())


def test_cards_that_are_left_out_are_told_and_not_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choice = Choice(
        report={},  # type: ignore[typeddict-item]
        image=load_catalog().variant("cuda"),
        device="cuda",
        service={"group_add": []},
    )
    monkeypatch.setattr("compose.cli.choose", lambda *_: choice)
    with pytest.raises(DeviceError, match="handed all of them: choose --variant cpu"):
        begin(choice).up()


@pytest.mark.parametrize("number", ["0", "65", "-1", "many", "1.5"])
def test_a_number_of_workers_that_is_none_is_refused(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        scale.main([f"--workers={number}"])
    assert ended.value.code == 2
    assert "a number from 1 to 64" in capsys.readouterr().err


def test_a_configuration_that_is_missing_is_told_first(tmp_path: Path) -> None:
    with pytest.raises(ComposeError, match="there is no such file"):
        scale.main(["--config", str(tmp_path / "missing.toml"), "--no-install"])


def test_it_stands_beside_the_stack_of_up() -> None:
    assert scale.project_of(FakeEngine(environ={})).name == "alternator-scale"
    named = FakeEngine(environ={"ALTERNATOR_PROJECT": "second"})
    assert scale.project_of(named).name == "second-scale"
