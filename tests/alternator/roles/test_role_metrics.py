"""What roles answer to machines, and what their numbers are."""

from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from loopback import free_port
from prometheus_client.parser import text_string_to_metric_families
from roles_in_threads import Cluster
from waiting import wait_for

from alternator.config.metrics import MetricsSettings
from alternator.config.models import WhisperSettings


def asked(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()
    except URLError:
        return 0, ""  # not there yet


def numbers(port: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    _, text = asked(port, "/metrics")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def on_port(cluster: Cluster) -> int:
    """Have the next role answer on a port of its own."""
    port = free_port()
    cluster.config = replace(cluster.config, metrics=MetricsSettings(port=port))
    return port


def test_a_bot_tells_what_it_watches(cluster: Cluster):
    port = on_port(cluster)
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    wait_for(lambda: asked(port, "/readyz") == (200, "ready\n"))
    assert asked(port, "/healthz") == (200, "alive\n")
    cluster.server.post("Look", files=[cluster.picture])
    wait_for(lambda: cluster.states() == ["waiting"])
    streaming = "alternator_watched_accounts", (("state", "streaming"),)
    wait_for(lambda: numbers(port)[streaming] == 1)
    found = numbers(port)
    assert found["alternator_attachments_found_total", ()] == 1
    jobs = "alternator_queue_jobs"
    assert found[jobs, (("queue", "vision"), ("state", "ready"))] == 1
    assert found["alternator_database_up", ()] == 1


def test_a_worker_tells_what_it_did(cluster: Cluster, clip: Path):
    cluster.config = replace(cluster.config, whisper=WhisperSettings(enabled=True))
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    port = on_port(cluster)
    cluster.worker()
    wait_for(lambda: asked(port, "/readyz") == (200, "ready\n"))
    cluster.described(cluster.server.post("Look", files=[cluster.picture])["id"])
    cluster.described(cluster.server.post("Listen", files=[clip])["id"])
    wait_for(lambda: numbers(port)["alternator_description_seconds_count", ()] == 2)
    found = numbers(port)
    assert found["alternator_worker_descriptions_total", ()] == 2
    assert 0 < found["alternator_description_seconds_sum", ()] < 60
    assert found["alternator_transcribed_audio_seconds_total", ()] == 1.0
    assert found["alternator_transcription_seconds_total", ()] > 0
    assert found["alternator_processes", (("role", "worker"),)] == 1
