"""What ``/metrics`` tells, and that the Grafana file asks for nothing else."""

import json
import re
from importlib.resources import files

import requests
from dashboard_site import DashboardSite
from prometheus_client.parser import text_string_to_metric_families

from alternator.store.asked import Asking

GRAFANA = files("alternator.dashboard").joinpath("grafana.json")


def families(site: DashboardSite) -> dict[str, dict[str, float]]:
    """The values by name and labels."""
    answer = requests.get(f"{site.url}/metrics", timeout=20)
    assert answer.headers["Content-Type"].startswith("text/plain")
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(v for k, v in sorted(sample.labels.items()) if k != "account")
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def test_the_bots_work_is_told(filled: DashboardSite):
    found = families(filled)
    assert found["alternator_attachments"] == {
        "waiting": 7,
        "claimed": 1,
        "described": 90,
        "left": 30,
        "failed": 60,
    }
    assert found["alternator_bot_up"] == {"": 1}
    assert found["alternator_descriptions_total"] == {"": 412}
    assert found["alternator_description_delay_seconds"] == {"0.5": 29, "0.95": 411}
    assert found["alternator_worker_requests"] == {"cuda:0,0": 3, "cuda:1,1": 0}
    assert found["alternator_editing_halted"] == {"": 0}
    filled.account.state.halt("an edit did harm")
    assert families(filled)["alternator_editing_halted"] == {"": 1}


def test_what_others_asked_for_is_told(filled: DashboardSite):
    asked = filled.account.state.asked
    assert families(filled)["alternator_asked_posts"] == {"open": 0, "answered": 0, "dropped": 0}
    for status_id in ("5", "6"):
        asked.ask(
            Asking(
                status_id=status_id, asker="8", author="8", address="@a", below="7", is_open=True
            )
        )
    asked.close("6", "answered")
    assert families(filled)["alternator_asked_posts"] == {"open": 1, "answered": 1, "dropped": 0}


def test_names_are_as_prometheus_has_them(filled: DashboardSite):
    """https://prometheus.io/docs/practices/naming/"""
    for name in families(filled):
        assert re.fullmatch(r"(alternator|process)_[a-z_]+", name)
        assert not name.endswith(("_ms", "_minutes", "_kb"))


def test_grafana_asks_for_what_there_is(filled: DashboardSite):
    known = families(filled).keys()
    board = json.loads(GRAFANA.read_text("utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(asked) >= 6
    for expression in asked:
        names = set(re.findall(r"\b(?:alternator|process)_[a-z_]+", expression))
        assert names and names <= known, expression
    labels = set(re.findall(r"(\w+)=~?\"", " ".join(asked)))
    assert labels <= {"account", "state", "quantile"}
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert len(set(places)) == len(places) and board["uid"] == "alternator"
