import pytest
from kube_api import TOKEN, kube_api

from probe.errors import ProbeError
from probe.nodes.api import MERGE, ApiAwayError, Cluster, cluster_of

NODE = "gpu-1.example.org"
GPU = {"alternator.dev/gpu": "nvidia", "alternator.dev/gpu-count": "2"}


@pytest.fixture
def api(tmp_path):
    nodes = {NODE: {"kubernetes.io/hostname": "gpu-1", "alternator.dev/gfx": "gfx1100"}}
    with kube_api(tmp_path, nodes) as running:
        yield running


@pytest.fixture
def cluster(api) -> Cluster:
    return cluster_of(api.environ, api.account)


def test_a_node_gets_our_labels_and_loses_the_stale_one(api, cluster):
    assert cluster.label(NODE, GPU)
    assert api.nodes[NODE] == {"kubernetes.io/hostname": "gpu-1", **GPU}
    method, kind, body = api.requests[-1]
    assert (method, kind) == ("PATCH", MERGE)
    # Nothing else of the node is sent: what others change meanwhile stays.
    assert body == {"metadata": {"labels": {**GPU, "alternator.dev/gfx": None}}}


def test_labels_that_are_right_are_not_sent_again(api, cluster):
    cluster.label(NODE, GPU)
    assert not cluster.label(NODE, GPU)
    assert len(api.patches) == 1


def test_a_new_token_is_taken_up(api, cluster):
    token = api.account / "token"
    token.write_text("expired")
    with pytest.raises(ProbeError, match="may not read and patch"):
        cluster.label(NODE, GPU)
    token.write_text(TOKEN)
    assert cluster.label(NODE, GPU)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, r"service account may not read and patch node .*\(HTTP 403\); apply deploy"),
        (422, r"refuses to patch node .*\(HTTP 422\)"),
        # The token must not follow to wherever an answer points.
        (302, r"\(HTTP 302\)"),
    ],
)
def test_a_refusal_names_the_remedy(api, cluster, status, said):
    api.statuses = [status]
    with pytest.raises(ProbeError, match=said) as caught:
        cluster.label(NODE, GPU)
    assert not isinstance(caught.value, ApiAwayError)
    assert len(api.requests) == 1
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_of_the_servers_is_no_refusal(api, cluster, status):
    api.statuses = [status]
    with pytest.raises(ApiAwayError, match=str(status)):
        cluster.label(NODE, GPU)


def test_an_unknown_node_is_named(cluster):
    with pytest.raises(ProbeError, match="no node 'gpu-2'; name it by --node"):
        cluster.label("gpu-2", GPU)


def test_a_server_with_another_certificate_gets_no_token(api, cluster, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    with kube_api(other, {NODE: {}}) as stranger:
        elsewhere = cluster_of(stranger.environ, api.account)
        with pytest.raises(ApiAwayError, match="certificate"):
            elsewhere.label(NODE, GPU)
    assert stranger.requests == []


def test_a_server_that_is_gone_is_away(tmp_path):
    with kube_api(tmp_path, {NODE: {}}) as api:
        cluster = cluster_of(api.environ, api.account)
    with pytest.raises(ApiAwayError, match="does not answer"):
        cluster.label(NODE, GPU)


@pytest.mark.parametrize(("name", "said"), [("token", "let the pod mount"), ("ca.crt", "ca.crt")])
def test_a_pod_without_its_account_is_told_what_is_missing(api, cluster, name, said):
    (api.account / name).unlink()
    with pytest.raises(ProbeError, match=said):
        cluster.label(NODE, GPU)
    assert api.requests == []


def test_outside_of_a_pod_there_is_no_cluster():
    with pytest.raises(ProbeError, match="this is none"):
        cluster_of({})


def test_an_address_of_ipv6_is_written_in_brackets():
    cluster = cluster_of({"KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert cluster.url == "https://[fd00::1]:443"
