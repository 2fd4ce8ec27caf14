"""The snippets of ``alternator probe``, started as they are printed: a post gets described."""

import base64
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import pytest
import requests
import yaml
from demo_client import Demo
from waiting import wait_for

from images.engine.engine import Engine
from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.report.snippet import snippet
from probe.report.snippet_start import HostDetails
from probe.tables.builds import load_table

ROOT = Path(__file__).parents[2]
# fixture.pt is of no size that anybody measured.
AROUND = HostDetails(root=True, model="fixture.pt")
NAME = f"alternator-snippet-{os.getpid()}"
PHRASE = "The children are playing in the garden."


def printed(kind: str, image: str) -> str:
    """The snippet for a machine without a GPU, with names that can't meet a real bot's."""
    report = replay(read_recording(MACHINES / "nothing.json"), load_table())
    text = snippet(kind, report, image.rpartition(":")[2].removesuffix("-cpu"), AROUND)
    for name in ("alternator_state", "alternator_models", "alternator-state", "alternator-models"):
        text = text.replace(name, name.replace("alternator", NAME))
    return text.replace("--name alternator", f"--name {NAME}")


@pytest.fixture(scope="module")
def server(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The sandbox server, at the address of the engine's own bridge: every container gets there."""
    # An older Docker tells the subnet alone; the bridge has its first address.
    configuration = engine.client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    host = configuration.get("Gateway") or str(next(ip_network(configuration["Subnet"]).hosts()))
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            pytest.skip("the engine's bridge has no address on this machine (Docker Desktop)")
        port = probe.getsockname()[1]
    data = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-m", "sandbox.server", "--host", host, "--port", str(port)]
    process = subprocess.Popen([*command, "--data", str(data)], cwd=ROOT)
    url = f"http://{host}:{port}"
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sandbox"
        session.trust_env = False

        def answers() -> bool:
            try:
                return session.get(f"{url}/sandbox/health", timeout=2).ok
            except requests.RequestException:
                return False

        wait_for(answers, 20, "the sandbox server")
        yield Demo(url=url, session=session)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=10)


@pytest.fixture(scope="module")
def clip(speak: Callable[..., Path]) -> Path:
    """Somebody saying PHRASE."""
    return speak(PHRASE, suffix=".mp3")


@pytest.fixture
def folder(tmp_path: Path, server: Demo) -> Path:
    """A folder with the operator's alternator.toml, owned as the snippets' first line says."""
    config = tmp_path / "alternator.toml"
    config.write_text(
        f'[mastodon]\ninstance_url = "{server.url}"\naccess_token = "sandbox"\n'
        '[whisper]\nmodel = "fixture.pt"\n'
    )
    if os.geteuid() == 0:
        os.chown(config, 10001, 10001)
        config.chmod(0o400)
    return tmp_path


@dataclass(frozen=True, kw_only=True)
class EngineCommand:
    """A container engine's command."""

    command: tuple[str, ...]
    environment: dict[str, str]
    image: str

    def __call__(self, *arguments: str, check: bool = True, **options) -> str:
        result = subprocess.run(
            [*self.command, *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        assert not check or result.returncode == 0, result.stderr
        return result.stdout

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def shell(self, text: str, folder: Path) -> None:
        """Type a snippet into a shell."""
        result = subprocess.run(
            ["sh", "-e", "-c", text],
            cwd=folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr

    def put_model(self, volume: str, checkpoint: Path) -> None:
        """Put the checkpoint where the bot looks for models, as operators without network do."""
        self("create", "--name", f"{NAME}-copy", "--volume", f"{volume}:/models", self.image)
        self("cp", str(checkpoint), f"{NAME}-copy:/models/fixture.pt")
        self("rm", "--volumes", f"{NAME}-copy")

    def describes(self, server: Demo, clip: Path, container: str) -> None:
        """Wait until a post made now has its description, and the bot says that it is well."""
        post = server.post(status="Listen", media_ids=[server.upload(clip)])

        def description() -> str | None:
            # Without the token: this must not spend the bot's own rate budget.
            answer = requests.get(f"{server.url}/api/v1/statuses/{post['id']}", timeout=10)
            found: str | None = answer.json()["media_attachments"][0]["description"]
            return found

        try:
            text = wait_for(description, 60, "the description", every_s=0.5)
        except BaseException:
            subprocess.run([*self.command, "logs", container], env=self._environment(), check=False)
            raise
        assert PHRASE in text
        assert '"status": "ok"' in self("exec", container, "alternator", "health")

    def hardened(self, container: str) -> None:
        """What every snippet promises, as the process inside has it."""
        fields = dict(
            line.split(":", 1)
            for line in self("exec", container, "cat", "/proc/1/status").splitlines()
        )
        assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
        assert fields["NoNewPrivs"].strip() == "1"
        assert fields["Uid"].split() == ["10001"] * 4
        (root,) = [
            line.split()
            for line in self("exec", container, "cat", "/proc/mounts").splitlines()
            if line.split()[1] == "/"
        ]
        assert "ro" in root[3].split(",")


@pytest.fixture
def docker_engine(cpu_image: str) -> Iterator[EngineCommand]:
    """The engine that everything else here uses."""
    command = shutil.which("docker", path=f"/usr/bin:{os.environ['PATH']}")
    if command is None:
        pytest.skip("the docker command is not installed")
    folder = str(Path(command).parent)  # so that the snippet's `docker` is this one too
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    engine = EngineCommand(command=(command,), environment=environment, image=cpu_image)
    yield engine
    engine("rm", "--force", "--volumes", NAME, check=False)
    engine("volume", "rm", "--force", f"{NAME}_state", f"{NAME}_models", check=False)


def test_docker(
    docker_engine: EngineCommand,
    server: Demo,
    clip: Path,
    folder: Path,
    cpu_image: str,
    checkpoint: Path,
) -> None:
    docker_engine.put_model(f"{NAME}_models", checkpoint)
    docker_engine.shell(printed("docker", cpu_image), folder)
    docker_engine.describes(server, clip, NAME)
    docker_engine.hardened(NAME)
    (facts,) = json.loads(docker_engine("inspect", NAME))
    assert facts["HostConfig"]["PidsLimit"] == 512
    assert facts["HostConfig"]["Memory"] == 16 * 2**30
    wait_for(
        lambda: (
            json.loads(docker_engine("inspect", NAME))[0]["State"]["Health"]["Status"] == "healthy"
        ),
        60,
        "the container's health check",
        every_s=0.5,
    )


def test_docker_without_the_configuration_makes_no_folder_in_its_place(
    docker_engine: EngineCommand, tmp_path: Path, cpu_image: str
) -> None:
    with pytest.raises(AssertionError, match="bind source path does not exist"):
        docker_engine.shell(printed("docker", cpu_image), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_compose(
    engine: Engine,
    docker_engine: EngineCommand,
    server: Demo,
    clip: Path,
    folder: Path,
    cpu_image: str,
    checkpoint: Path,
) -> None:
    (folder / "compose.yaml").write_text(printed("compose", cpu_image))
    compose = [*engine.compose_command, "--project-name", NAME, "--file", "compose.yaml"]
    docker_engine("volume", "create", f"{NAME}_models")
    docker_engine.put_model(f"{NAME}_models", checkpoint)
    try:
        subprocess.run([*compose, "up", "--detach"], cwd=folder, check=True)
        listed = ["ps", "--filter", f"label=com.docker.compose.project={NAME}", "--quiet"]
        container = docker_engine(*listed).strip()
        docker_engine.describes(server, clip, container)
        docker_engine.hardened(container)
    finally:
        subprocess.run([*compose, "down", "--volumes"], cwd=folder, check=True)


@pytest.fixture(scope="module")
def podman(cpu_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineCommand]:
    """Podman with the image; where it can't start a container as it is set up, with runc."""
    command = shutil.which("podman")
    if command is None:
        pytest.skip("podman is not installed")
    if os.geteuid() != 0:
        pytest.skip("these are the snippets for root's Podman")
    settings = tmp_path_factory.mktemp("podman") / "containers.conf"
    settings.write_text("")
    engine = EngineCommand(
        command=(command,), environment={"CONTAINERS_CONF": str(settings)}, image=cpu_image
    )
    if not engine("images", "--quiet", cpu_image).strip():
        with subprocess.Popen(
            ["docker", "save", cpu_image],
            stdout=subprocess.PIPE,
            env={**os.environ, "PATH": f"/usr/bin:{os.environ['PATH']}"},
        ) as save:
            engine("load", stdin=save.stdout)
            assert save.wait() == 0
    # In a virtual machine without systemd neither Podman's own limits nor crun may work.
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limits = f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]\n'
    for text in ("", limits, f'{limits}[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n'):
        settings.write_text(text)
        trial = subprocess.run(
            [command, "run", "--rm", "--memory", "1g", cpu_image, "true"],
            env={**os.environ, **engine.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if trial.returncode == 0:
            break
    else:
        pytest.skip(f"podman starts no container here: {trial.stderr.strip().splitlines()[-1]}")
    yield engine
    engine("rm", "--force", "--volumes", NAME, check=False)
    engine("volume", "rm", "--force", f"{NAME}_state", f"{NAME}_models", check=False)
    engine("rmi", cpu_image, check=False)


def test_podman(
    podman: EngineCommand, server: Demo, clip: Path, folder: Path, cpu_image: str, checkpoint: Path
) -> None:
    podman.put_model(f"{NAME}_models", checkpoint)
    podman.shell(printed("podman", cpu_image), folder)
    podman.describes(server, clip, NAME)
    podman.hardened(NAME)
    (facts,) = json.loads(podman("inspect", NAME))
    assert facts["HostConfig"]["PidsLimit"] == 512
    podman("rm", "--force", "--volumes", NAME)
    podman("volume", "rm", "--force", f"{NAME}_state", f"{NAME}_models")


def test_kubernetes_as_podman_plays_it(
    podman: EngineCommand, server: Demo, clip: Path, folder: Path, cpu_image: str, checkpoint: Path
) -> None:
    secret = f"{NAME}-secret"
    manifest = list(yaml.safe_load_all(printed("kubernetes", cpu_image)))
    deployment = manifest[-1]
    deployment["metadata"]["name"] = NAME
    pod = deployment["spec"]["template"]["spec"]
    pod["containers"][0]["image"] = f"localhost/{cpu_image}"
    (volume,) = [v["secret"] for v in pod["volumes"] if "secret" in v]
    # Podman 4.3 crashes without the default written out, and decodes no secret.
    volume |= {"secretName": secret, "optional": False}
    content = (folder / "alternator.toml").read_text()
    older = podman("version", "--format", "{{.Version}}").startswith("4.3.")
    if not older:
        encoded = base64.b64encode(content.encode()).decode()
        manifest.insert(
            0,
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": secret},
                "data": {"alternator.toml": encoded},
            },
        )
    else:
        podman(
            "secret",
            "create",
            secret,
            "-",
            input=json.dumps({"data": {"alternator.toml": content}}),
        )
    file = folder / "pod.yaml"
    try:
        podman("volume", "create", f"{NAME}-models")
        podman.put_model(f"{NAME}-models", checkpoint)
        # The claim of that name is then there already, and Podman makes no second one.
        manifest = [part for part in manifest if part["metadata"]["name"] != f"{NAME}-models"]
        file.write_text(yaml.safe_dump_all(manifest))
        podman("play", "kube", str(file))
        container = f"{NAME}-pod-0-bot" if older else f"{NAME}-pod-bot"
        podman.describes(server, clip, container)
        podman.hardened(container)
    finally:
        podman("play", "kube", "--down", str(file), check=False)
        podman("secret", "rm", secret, check=False)
        podman("volume", "rm", "--force", f"{NAME}-state", f"{NAME}-models", secret, check=False)
