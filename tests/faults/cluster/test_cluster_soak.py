"""A whole cluster while everything fails by chance: a short `make soak CLUSTER=1`.

``ALTERNATOR_SOAK_SEED`` chooses other chances.
"""

import os
from pathlib import Path

import pytest
from cluster_soak import soak_of
from postgres import programs
from soak import Plan

SEED = int(os.environ.get("ALTERNATOR_SOAK_SEED") or 7)


@pytest.mark.timeout(600)
def test_each_post_is_described_once_whoever_dies(tmp_path: Path) -> None:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql-15)")
    plan = Plan(seed=SEED, posts=30, accounts=3, share=0.06, least=20, cluster=True)
    result = soak_of(plan, tmp_path).run()
    print(result)
    assert result.wrong == []
    # It did storm, and the cluster had to do with it.
    assert result.faults.total() > 10
    assert result.described > 30
