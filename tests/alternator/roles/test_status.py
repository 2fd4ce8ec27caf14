"""``alternator status`` of a cluster."""

import json
from pathlib import Path

import pytest
from roles_in_threads import Cluster
from waiting import wait_for

from alternator.roles.status import main


@pytest.fixture
def configured(cluster: Cluster, tmp_path: Path) -> list[str]:
    """The words by which the command reads the cluster's configuration."""
    path = tmp_path / "alternator.toml"
    path.write_text(
        f'[mastodon]\ninstance_url = "{cluster.server.url}"\naccess_token = "sandbox"\n'
        f'[database]\nurl = "{cluster.url}"\n[state]\ndirectory = "{tmp_path / "state"}"\n'
    )
    path.chmod(0o600)
    return ["--config", str(path)]


def test_a_cluster_at_work_is_well(
    cluster: Cluster, configured: list[str], capsys: pytest.CaptureFixture[str]
):
    cluster.bot()
    cluster.worker()
    wait_for(lambda: cluster.execute("SELECT count(*) FROM process") == [(2,)])
    wait_for(lambda: cluster.execute("SELECT 1 FROM watched WHERE holder IS NOT NULL"))
    assert main(configured) == 0
    said = capsys.readouterr().out
    assert said.startswith("the cluster is well\n")
    assert "accounts: 1 enrolled (0 by sign-up), 1 watched, 0 paused" in said
    assert main([*configured, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["well"] and {one["role"] for one in found["processes"]} == {"bot", "worker"}
    assert {queue["workers"] for queue in found["queues"]} == {1}


def test_it_names_what_somebody_has_to_look_at(
    cluster: Cluster, configured: list[str], capsys: pytest.CaptureFixture[str]
):
    bot = cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    cluster.server.post("Look", files=[cluster.picture])
    wait_for(lambda: cluster.states() == ["waiting"])
    bot.end()
    cluster.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status) VALUES "
        "('vision', 'alternator.describe', '1:9', '{\"account\": 1}', 'failed')"
    )
    assert main(configured) == 1
    said = capsys.readouterr().out
    assert "no `alternator bot` is running" in said
    assert "1 posts wait in the queue vision, and no `alternator worker` takes them" in said
    assert "1 jobs are dead" in said and "of post 9" in said
    cluster.execute("UPDATE account SET halted = 'an edit did harm'")
    assert main(configured) == 1
    assert "EDITING IS STOPPED: an edit did harm" in capsys.readouterr().out


def test_one_that_died_is_told_as_gone(
    cluster: Cluster, configured: list[str], capsys: pytest.CaptureFixture[str]
):
    cluster.execute(
        "INSERT INTO process (id, role, host, pid, version, started, seen) VALUES "
        "('x', 'worker', 'h', 7, '0.1', 0, alternator_now() - 100)"
    )
    main(configured)
    assert "worker h (process 7" in (said := capsys.readouterr().out) and "GONE" in said
