"""What is asked of the server beside transcripts."""

import dataclasses
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from running_serve import RunningServe

from alternator.config.models import WhisperSettings
from alternator.serve.options import ServeOptions


def test_it_lives_and_is_ready(served: RunningServe) -> None:
    for path in ("healthz", "readyz"):
        answer = requests.get(f"{served.url}/{path}", timeout=10)
        assert answer.status_code == 200, answer.text


def test_it_is_not_ready_while_its_model_is_loaded_or_it_stops(
    served: RunningServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.preload, "loading", True)
    answer = requests.get(f"{served.url}/readyz", timeout=10)
    assert (answer.status_code, answer.text) == (503, "the model fixture is being loaded\n")
    assert requests.get(f"{served.url}/healthz", timeout=10).status_code == 200


def test_every_number_is_one_that_prometheus_reads(served: RunningServe) -> None:
    text = requests.get(f"{served.url}/metrics", timeout=10).text
    found = {family.name for family in text_string_to_metric_families(text)}
    assert found >= {
        "alternator_requests",
        "alternator_requests_under_way",
        "alternator_request_seconds",
        "alternator_audio_seconds",
        "alternator_queue",
        "alternator_real_time_factor",
        "alternator_models_loaded",
        "process_resident_memory_bytes",
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat", 404),
        ("GET", "/v1/audio/transcriptions", 405),
        ("PUT", "/v1/models", 405),
    ],
)
def test_where_there_is_nothing_the_error_has_openais_shape(
    served: RunningServe, method: str, path: str, status: int
) -> None:
    answer = requests.request(method, f"{served.url}{path}", timeout=10)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == "unknown_url"


def test_pages_of_other_sites_may_not_ask(served: RunningServe) -> None:
    url = f"{served.url}/v1/audio/transcriptions"
    foreign = requests.post(url, headers={"Origin": "https://evil.example"}, timeout=10)
    assert foreign.status_code == 403
    assert "pages of 'https://evil.example'" in foreign.json()["error"]["message"]
    own = requests.post(url, headers={"Origin": served.url}, timeout=10)
    assert own.json()["error"]["code"] == "invalid_form"


def test_a_site_that_the_operator_allows_may_ask(
    whisper_settings: WhisperSettings, tmp_path: Path
) -> None:
    site = "https://friend.example"
    settings = dataclasses.replace(whisper_settings, preload=False)
    with RunningServe(settings, tmp_path, ServeOptions(origins=(site,))) as running:
        url = f"{running.url}/v1/audio/transcriptions"
        asked = {"Origin": site, "Access-Control-Request-Method": "POST"}
        before = requests.options(url, headers=asked, timeout=10)
        assert before.headers["Access-Control-Allow-Origin"] == site
        answer = requests.post(url, headers={"Origin": site}, timeout=10)
        assert answer.json()["error"]["code"] == "invalid_form"
        assert answer.headers["Access-Control-Allow-Origin"] == site
