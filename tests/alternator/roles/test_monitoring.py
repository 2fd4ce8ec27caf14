"""The whole of what watches a cluster: whether Grafana and alerts ask for what roles tell."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from loopback import free_port
from prometheus_client.parser import text_string_to_metric_families
from roles_in_threads import Cluster
from trace_collector import collector
from waiting import wait_for

from alternator.config.metrics import MetricsSettings
from alternator.config.models import WhisperSettings
from alternator.config.tracing import TracingSettings

DEPLOY = Path(__file__).parents[3] / "deploy"
NAME = re.compile(r"\b(?:alternator|process)_[a-z_]+\b")
SUFFIXES = ("_total", "_bucket", "_count", "_sum", "")


def expressions() -> dict[str, str]:
    """All that is asked for, by where."""
    found = {}
    grafana: dict[str, Any] = json.loads((DEPLOY / "grafana/cluster.json").read_text())
    for panel in grafana["panels"]:
        for target in panel["targets"]:
            found[f"panel {panel['title']}, {target['refId']}"] = target["expr"]
    rules = yaml.safe_load((DEPLOY / "prometheus/alternator.rules.yaml").read_text())
    for rule in rules["groups"][0]["rules"]:
        found[f"alert {rule['alert']}"] = rule["expr"]
    return found


def test_they_ask_for_what_there_is(cluster: Cluster):
    known: set[str] = set()
    whisper = WhisperSettings(enabled=True)
    for start in (cluster.bot, cluster.worker):
        port = free_port()
        cluster.config = replace(
            cluster.config, metrics=MetricsSettings(port=port), whisper=whisper
        )
        start()

        def answers(port: int = port) -> bool:
            try:
                with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                    text = answer.read().decode()
            except OSError:
                return False
            known.update(
                f"{one.name}{s}" for one in text_string_to_metric_families(text) for s in SUFFIXES
            )
            return True

        wait_for(answers)
    asked = {where: set(NAME.findall(expr)) for where, expr in expressions().items()}
    assert all(asked.values())
    unknown = {where: names - known for where, names in asked.items() if names - known}
    assert not unknown


def test_every_alert_says_what_it_is_and_what_to_do():
    rules = yaml.safe_load((DEPLOY / "prometheus/alternator.rules.yaml").read_text())
    for one in rules["groups"][0]["rules"]:
        assert one["alert"] and one["expr"]
        assert {"summary", "description"} == set(one["annotations"])
        assert one["labels"]["severity"] in ("page", "ticket")


def test_panels_do_not_lie_on_each_other():
    grafana: dict[str, Any] = json.loads((DEPLOY / "grafana/cluster.json").read_text())
    taken: set[tuple[int, int]] = set()
    for panel in grafana["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24 and not cells & taken
        taken |= cells


@pytest.mark.parametrize("way", ["stream", "look"])
def test_a_post_is_one_trace_from_its_making_to_its_edit(cluster: Cluster, way: str):
    """However it is found. Both roles are in one process here, so the worker's provider sends for
    both."""
    with collector() as there:
        mastodon = replace(cluster.config.mastodon, user_stream=way == "stream")
        tracing = TracingSettings(endpoint=there.url)
        cluster.config = replace(cluster.config, mastodon=mastodon, tracing=tracing)
        if way == "look":
            post = cluster.server.post("A text of mine", files=[cluster.picture])["id"]
        bot, worker = cluster.bot(), cluster.worker()
        if way == "stream":
            wait_for(lambda: cluster.server.open_streams() == 1)
            path = "/api/v1/accounts/*/statuses"
            cluster.server.fail(path, status=200, body=[], times=None)  # for looks
            post = cluster.server.post("A text of mine", files=[cluster.picture])["id"]
        cluster.described(post, 120)
        wait_for(lambda: cluster.states() == ["described"])
        worker.end()
        bot.end()
        wait_for(lambda: there.names() >= {"found", "describe", "edit"})
        assert there.names() == {"found", "describe", "prepare", "vision", "edit"}
        assert len({span.trace for span in there.spans()}) == 1
        (found,) = there.spans("found")
    assert (found.facts["post"], found.facts["way"]) == (post, way)
    assert b"A text of mine" not in b"".join(there.bodies)
