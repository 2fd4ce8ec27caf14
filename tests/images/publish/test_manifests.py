"""Which registries are asked without TLS, and what is said without a client."""

from pathlib import Path

import pytest
from fake_engine import FakeEngine

from images.engine.answers import EngineFacts
from images.errors import ShipError
from images.publish import manifests

FACTS = EngineFacts(
    machine="x86_64",
    secure={"docker.io": True, "lab.example:5000": False},
    insecure_networks=("127.0.0.0/8", "10.0.0.0/8"),
)


@pytest.mark.parametrize(
    ("reference", "insecure"),
    [
        ("127.0.0.1:5000/team/image:1", True),
        ("10.1.2.3/image:1", True),
        ("localhost:5000/image:1", True),
        ("lab.example:5000/image:1", True),
        ("192.0.2.1:5000/image:1", False),
        ("registry.example/team/image:1", False),
        ("docker.io/team/image:1", False),
    ],
)
def test_only_a_registry_that_the_engine_calls_insecure(reference: str, insecure: bool) -> None:
    assert manifests.is_insecure(FACTS, reference) is insecure


def test_without_a_client_it_is_named(tmp_path: Path) -> None:
    engine = FakeEngine(environ={"PATH": str(tmp_path)})
    with pytest.raises(ShipError, match="there is no `docker` client on PATH"):
        manifests.join(engine, "registry.example/image:1", ["registry.example/image@sha256:1"])


def test_the_clients_last_line_is_the_reason(tmp_path: Path) -> None:
    client = tmp_path / "docker"
    client.write_text("#!/bin/sh\necho first >&2\necho the registry says no >&2\nexit 1\n")
    client.chmod(0o755)
    engine = FakeEngine(environ={"PATH": f"{tmp_path}:/bin"})
    with pytest.raises(ShipError, match=r"manifest create .* failed: the registry says no"):
        manifests.join(engine, "registry.example/image:1", ["registry.example/image@sha256:1"])
