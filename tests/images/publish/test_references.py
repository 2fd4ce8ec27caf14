"""Which registries are asked without TLS, and which names are none."""

import pytest

from images.engine.answers import EngineFacts
from images.errors import ShipError
from images.publish.references import is_insecure, repository

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
    assert is_insecure(FACTS, reference) is insecure
    name = reference.rpartition(":")[0]
    assert repository(FACTS, name).secure is not insecure
    assert repository(FACTS, name).name == name


@pytest.mark.parametrize("name", ["team/image", "registry.example", ""])
def test_a_name_without_a_registry_is_refused(name: str) -> None:
    with pytest.raises(ShipError, match="names no registry"):
        repository(FACTS, name)
