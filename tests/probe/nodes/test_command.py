from pathlib import Path

import pytest
from kube_api import kube_api

from probe.errors import OverrideError, ProbeError
from probe.nodes import api as node_api
from probe.nodes import command
from probe.nodes.api import ApiAwayError, cluster_of

POD = str(Path(__file__).parents[2] / "machines" / "kubernetes-pod-without-gpu.json")


def test_labels_are_printed_as_kubectl_takes_them(capsys):
    assert command.main(["--replay", POD]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "alternator.dev/gpu=nvidia" in lines
    assert "alternator.dev/torch-build=cu130" in lines


def test_the_pods_node_gets_them(tmp_path, monkeypatch, capsys):
    with kube_api(tmp_path, {"gpu-1": {}}) as api:
        for name, value in {**api.environ, "NODE_NAME": "gpu-1"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(command, "cluster_of", lambda environ: cluster_of(environ, api.account))
        assert command.main(["--apply", "--replay", POD]) == 0
    assert api.nodes["gpu-1"]["alternator.dev/compute-capability"] == "8.0"
    assert "node gpu-1 has alternator.dev/gpu=nvidia" in capsys.readouterr().err


def test_it_looks_again_until_it_is_stopped_and_outlasts_a_server_that_is_away(tmp_path, capsys):
    """A driver that is brought up later changes the labels; the first answer is a 503."""
    looks = iter([{"alternator.dev/gpu": "none"}] * 2 + [{"alternator.dev/gpu": "nvidia"}] * 2)
    pauses: list[float] = []

    class StoppedError(Exception):
        pass

    def sleep(pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 4:
            raise StoppedError

    with kube_api(tmp_path, {"gpu-1": {}}) as api:
        api.statuses = [503]
        cluster = cluster_of(api.environ, api.account)
        with pytest.raises(StoppedError):
            command.keep(cluster, "gpu-1", lambda: next(looks), 600.0, sleep)
    assert pauses == [600.0] * 4
    assert [patch["metadata"]["labels"] for patch in api.patches] == [
        {"alternator.dev/gpu": "none"},
        {"alternator.dev/gpu": "nvidia"},
    ]
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("(HTTP 503); asked again in 600 s")
    assert len(said) == 3


def test_once_means_once(tmp_path):
    with kube_api(tmp_path, {"gpu-1": {}}) as api:
        api.statuses = [503]
        with pytest.raises(ApiAwayError):
            command.keep(cluster_of(api.environ, api.account), "gpu-1", dict, None)
        # Refused is refused, however long one waits.
        api.statuses = [403]
        with pytest.raises(ProbeError, match="may not"):
            command.keep(cluster_of(api.environ, api.account), "gpu-1", dict, 600.0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--every", "600"], "--every needs --apply"),
        (["--apply", "--every", "0"], "--every 0: name seconds, 10 at least"),
        (["--apply", "--every", "nan"], "--every nan"),
        (["--apply", "--every", "inf"], "--every inf"),
        (["--apply"], "--apply needs the node's name"),
    ],
)
def test_what_can_not_be_meant_is_refused(arguments, said, monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.delenv("NODE_NAME", raising=False)
    monkeypatch.setattr(node_api, "TIMEOUT_S", 0.1)
    with pytest.raises(OverrideError, match=said):
        command.main(arguments)


def test_outside_of_a_pod_it_says_how_else(monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ProbeError, match="kubectl label node"):
        command.main(["--apply"])
