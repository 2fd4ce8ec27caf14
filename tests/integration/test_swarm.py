"""The Swarm stack, on a swarm of one node that lives for this test: it describes, also when its
workers are killed, and also for members who connect their accounts."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
from demo_client import Demo
from docker.errors import DockerException, NotFound
from member_site import Site
from owner import token_of
from PIL import Image
from waiting import wait_for

from alternator.members.cipher import new_key
from compose.scale import POSTGRES_IMAGE_VARIABLE
from compose.scale_files import ADDRESS
from compose.stack import IMAGE_VARIABLE, SANDBOX_IMAGE_VARIABLE
from images.build.build import BuildRequest, build
from images.build.builder import Builder
from images.catalog import CHECKOUT
from images.engine.engine import Engine

pytestmark = pytest.mark.timeout(1500)
FILES = ("stack.yaml", "stack.sandbox.yaml", "stack.signup.yaml")
STACK = "alternator-test-swarm"
LABEL = f"com.docker.stack.namespace={STACK}"
START_S = 600  # nine services at once, each with its first health check
DESCRIBED_WITHIN_S = 300
SERVER = "http://sandbox:3000"  # as the stack's tasks call it
HOST_OF_WEB = "127.0.0.1:8766"
ADDRESS_OF_WEB = f"http://{HOST_OF_WEB}"  # without TLS it can only be this machine's
SIGN_UP = f"""
[signup]
server = ["{SERVER}"]
address = "{ADDRESS_OF_WEB}"
"""


class SwarmSite(Site):
    """The members' pages and the sandbox, whose names only the stack's tasks know."""

    def __init__(self, url: str, sandbox: str) -> None:
        self.url, self.sandbox = url, sandbox

    def way_back(self, asked: str, *, user: str, allow: bool) -> str:
        """The path that the browser is sent to."""
        asked = asked.replace(SERVER, self.sandbox, 1)
        back = super().way_back(asked, user=user, allow=allow)
        assert back.startswith(ADDRESS_OF_WEB)
        return back.removeprefix(ADDRESS_OF_WEB)


@pytest.fixture(scope="module")
def swarm(engine: Engine) -> Iterator[Engine]:
    """The engine as the one node of a swarm that nobody else reaches."""
    if engine.podman:
        pytest.skip("Podman has no swarm")
    client = engine.client
    state = client.info()["Swarm"]["LocalNodeState"]
    if state != "inactive":
        pytest.skip(f"this engine is in a swarm of its own ({state})")
    try:
        client.swarm.init(advertise_addr="127.0.0.1", listen_addr="127.0.0.1:2377")
    except DockerException as error:
        pytest.skip(f"this engine makes no swarm: {error}")
    try:
        (node,) = client.nodes.list()
        spec = node.attrs["Spec"]
        node.update({**spec, "Labels": {**spec["Labels"], "alternator.database": "true"}})
        yield engine
    finally:
        client.swarm.leave(force=True)


@pytest.fixture(scope="module")
def environ(
    builder: Builder,
    cpu_image: str,
    sandbox_image: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """What the stack's files ask for."""
    configuration = tmp_path_factory.mktemp("swarm") / "alternator.toml"
    text = (CHECKOUT / "deploy" / "swarm" / "alternator.toml").read_text("utf-8")
    configuration.write_text(text + SIGN_UP)
    return {
        **os.environ,
        "ALTERNATOR_STACK": STACK,
        "ALTERNATOR_CONFIG": str(configuration),
        "ALTERNATOR_TOKEN_FILE": "/run/secrets/access-token",
        IMAGE_VARIABLE: cpu_image,
        "ALTERNATOR_SPEECH_IMAGE": cpu_image,
        POSTGRES_IMAGE_VARIABLE: build(BuildRequest(image=builder.catalog.postgres), builder).tag,
        SANDBOX_IMAGE_VARIABLE: sandbox_image,
    }


@pytest.fixture(scope="module")
def deployed(swarm: Engine, environ: dict[str, str]) -> Iterator[Demo]:
    """The stack with the sandbox, until its server answers."""
    client = swarm.client
    remove_rest(swarm)  # of a run that was killed: its database knows another password
    password = secrets.token_urlsafe(24)
    for name, text in {
        "database-password": password,
        "database-url": ADDRESS.format(password=password),
        "dashboard-token": secrets.token_urlsafe(24),
        "access-token": "sandbox",
        "vision-api-key": "sandbox",
        "signup-key": new_key(),
    }.items():
        client.secrets.create(name=f"{STACK}-{name}", data=text.encode())
    try:
        said = stack("deploy", "--resolve-image=never", *arguments(FILES), STACK, environ=environ)
        # Of an option that it can't bear, Docker says so and goes on.
        assert "unsupported" not in said.lower(), said
        with requests.Session() as session:
            session.headers["Authorization"] = "Bearer sandbox"
            session.trust_env = False
            address = wait_for(lambda: address_of(swarm, "sandbox"), START_S, "the sandbox")
            yield Demo(url=f"http://{address}:3000", session=session)
    finally:
        stack("rm", STACK)
        remove_rest(swarm)


def arguments(files: tuple[str, ...]) -> list[str]:
    return [f"--compose-file={CHECKOUT / 'deploy' / 'swarm' / name}" for name in files]


def stack(*words: str, environ: dict[str, str] | None = None) -> str:
    """``docker stack …``, which must succeed; the SDK has none."""
    docker = shutil.which("docker")
    assert docker is not None
    done = subprocess.run(
        [docker, "stack", *words],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def names_of(engine: Engine, service: str) -> list[str]:
    """The running containers of a service."""
    labels = [LABEL, f"com.docker.swarm.service.name={STACK}_{service}"]
    found = engine.client.containers.list(filters={"label": labels}, ignore_removed=True)
    return [str(one.id) for one in found]


def address_of(engine: Engine, service: str) -> str | None:
    """Where this machine reaches a healthy task: nothing of the stack is published."""
    try:
        bridge = engine.client.networks.get("docker_gwbridge")
    except NotFound:  # the engine makes it with its first task
        return None
    bridge.reload()
    for name in names_of(engine, service):
        container = engine.client.containers.get(name)
        own = bridge.attrs["Containers"].get(name)
        if own and container.health == "healthy":
            return str(own["IPv4Address"]).partition("/")[0]
    return None


def remove_rest(engine: Engine) -> None:
    """What `docker stack rm` leaves: it does not wait, and keeps volumes and secrets."""
    client = engine.client
    filters: dict[str, str | list[str] | bool] = {"label": LABEL}
    wait_for(
        lambda: not client.containers.list(all=True, filters=filters, ignore_removed=True),
        START_S,
        "the end of the stack's containers",
        every_s=0.5,
    )
    for volume in client.volumes.list(filters=filters):
        volume.remove()
    for secret in client.secrets.list(filters={"name": STACK}):
        secret.remove()


def until_two_others(engine: Engine, service: str, before: list[str]) -> None:
    def two() -> bool:
        return len(set(names_of(engine, service)) - set(before)) == 2

    wait_for(two, DESCRIBED_WITHIN_S, f"two other containers of {service}", every_s=0.5)


def test_every_task_is_held(swarm: Engine, deployed: Demo) -> None:
    for service in swarm.client.services.list(filters={"label": LABEL}):
        task = service.attrs["Spec"]["TaskTemplate"]
        held = task["ContainerSpec"]
        assert held["ReadOnly"] is True, service.name
        assert held["CapabilityDrop"] == ["ALL"], service.name
        assert held["User"] not in ("", "0", "root"), service.name
        limits = task["Resources"]["Limits"]
        assert limits["MemoryBytes"] > 0 and limits["Pids"] > 0, service.name
        assert not service.attrs["Endpoint"].get("Ports"), service.name


def test_every_sample_is_described(deployed: Demo) -> None:
    def described() -> bool:
        media = [item for status in deployed.statuses() for item in status["media_attachments"]]
        return bool(media) and all(item["description"] for item in media)

    wait_for(described, START_S, "the descriptions of the samples", every_s=5.0)


def test_killed_workers_are_replaced_and_their_post_is_described(
    swarm: Engine, deployed: Demo, speak: Callable[..., Path]
) -> None:
    def of_two(kind: str) -> list[str]:
        names = names_of(swarm, f"worker-{kind}")
        return names if len(names) == 2 else []

    # One may just be replaced, as it came before what it needs.
    before = {
        kind: wait_for(partial(of_two, kind), START_S, f"two workers for {kind}")
        for kind in ("vision", "speech")
    }
    media = deployed.upload(speak("The train leaves at half past nine.", suffix=".mp3"))
    for names in before.values():
        for name in names:
            swarm.client.containers.get(name).kill()
    status = deployed.post(status="Who hears this?", media_ids=[media])
    described = deployed.until_described_at_last(status["id"], DESCRIBED_WITHIN_S)
    assert "train leaves" in described["media_attachments"][0]["description"]
    for kind, names in before.items():
        until_two_others(swarm, f"worker-{kind}", names)


def test_a_member_who_connects_is_described_for(
    swarm: Engine, deployed: Demo, tmp_path: Path
) -> None:
    address = wait_for(lambda: address_of(swarm, "web"), START_S, "the members' pages")
    site = SwarmSite(f"http://{address}:8766", deployed.url)
    visit = site.visit()
    visit.session.headers["Host"] = HOST_OF_WEB
    visit.origin = ADDRESS_OF_WEB
    joined = visit.join("neighbour")
    assert joined.headers["Location"] == "/me?said=connected", joined.text
    picture = tmp_path / "picture.png"
    Image.new("RGB", (320, 200), "olive").save(picture)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token_of('neighbour', deployed.url)}"
        session.trust_env = False
        neighbour = Demo(url=deployed.url, session=session)
        media = neighbour.upload(picture)
        status = neighbour.post(status="What is this?", media_ids=[media])
        described = neighbour.until_described_at_last(status["id"], DESCRIBED_WITHIN_S)
    assert "olive" in described["media_attachments"][0]["description"]
    assert "neighbour" in visit.get("/me").text


@pytest.mark.usefixtures("deployed")
def test_a_gpu_is_asked_for_as_swarm_gives_it(swarm: Engine, environ: dict[str, str]) -> None:
    """The overlay is taken; there is no such node here, so the task waits for one."""
    files = arguments((*FILES, "stack.nvidia.yaml"))
    stack("deploy", "--resolve-image=never", *files, STACK, environ=environ)
    (service,) = swarm.client.services.list(filters={"name": f"{STACK}_serve"})
    task = service.attrs["Spec"]["TaskTemplate"]
    (asked,) = task["Resources"]["Reservations"]["GenericResources"]
    assert asked == {"DiscreteResourceSpec": {"Kind": "NVIDIA-GPU", "Value": 1}}
    assert task["Placement"]["Constraints"] == [
        "node.labels.alternator.gpu == nvidia",
        "node.labels.alternator.torch-build == cu130",
    ]

    def waits() -> bool:
        states = [one["Status"] for one in service.tasks()]
        return any("no suitable node" in state.get("Err", "") for state in states)

    wait_for(waits, START_S, "the task to wait for a node with a GPU", every_s=0.5)
