"""The engine's answers become objects; one of another shape is an error with its key."""

from typing import Any

import pytest

from images.engine.answers import HistoryStep, engine_facts, history_steps, image_facts
from images.errors import EngineError

# As an engine 20.10 answers, shortened.
INFO: dict[str, Any] = {
    "Architecture": "x86_64",
    "Runtimes": {"runc": {"path": "runc"}, "nvidia": {"path": "nvidia-container-runtime"}},
    "RegistryConfig": {
        "IndexConfigs": {"docker.io": {"Name": "docker.io", "Secure": True}},
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
    },
}
IMAGE: dict[str, Any] = {
    "Id": "sha256:1",
    "RepoTags": ["alternator:1-cpu"],
    "RepoDigests": None,
    "Architecture": "amd64",
    "Os": "linux",
    "Created": "2026-11-22T20:00:00Z",
    "Size": 7,
    "Config": {"User": "10001:10001", "Labels": {"a": "b"}},
    "RootFS": {"Type": "layers", "Layers": ["sha256:2"]},
}


def test_an_engine() -> None:
    facts = engine_facts(INFO)
    assert facts.machine == "x86_64"
    assert facts.runtimes == {"runc", "nvidia"}
    assert facts.cdi_folders == ()
    assert facts.secure == {"docker.io": True}
    assert facts.insecure_networks == ("127.0.0.0/8",)
    assert engine_facts({**INFO, "CDISpecDirs": ["/etc/cdi"]}).cdi_folders == ("/etc/cdi",)


def test_an_image() -> None:
    facts = image_facts(IMAGE)
    assert (facts.tags, facts.digests, facts.layers) == (("alternator:1-cpu",), (), ("sha256:2",))
    assert facts.labels == {"a": "b"}
    assert image_facts({**IMAGE, "Config": {"Labels": None}}).labels == {}


def test_a_history() -> None:
    steps = history_steps([{"CreatedBy": "RUN true", "Comment": "", "Size": 3}])
    assert steps == (HistoryStep(created_by="RUN true", comment="", size=3),)


@pytest.mark.parametrize("missing", ["Id", "Size", "Config", "RootFS"])
def test_an_answer_without_a_key_names_it(missing: str) -> None:
    answer = {key: value for key, value in IMAGE.items() if key != missing}
    with pytest.raises(EngineError, match=f"unknown shape .*{missing}"):
        image_facts(answer)


def test_podman_behind_dockers_api_is_told_by_its_component() -> None:
    """As Podman 4.3.1 and Docker 20.10.24 answer."""
    podman = {"Components": [{"Name": "Podman Engine", "Version": "4.3.1"}, {"Name": "Conmon"}]}
    docker = {"Components": [{"Name": "Engine", "Version": "20.10.24"}, {"Name": "runc"}]}
    assert engine_facts(INFO, podman).podman
    assert not engine_facts(INFO, docker).podman
    assert not engine_facts(INFO, {"Components": None}).podman


def test_an_engine_of_a_user_says_so() -> None:
    options = ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"]
    assert engine_facts({**INFO, "SecurityOptions": options}).rootless
    assert engine_facts({**INFO, "SecurityOptions": options[:1], "Rootless": True}).rootless
    assert not engine_facts({**INFO, "SecurityOptions": options[:1], "Rootless": False}).rootless
    assert not engine_facts(INFO).rootless
