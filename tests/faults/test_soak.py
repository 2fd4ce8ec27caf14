"""The whole bot of several accounts while everything fails by chance: a short `make soak`.

``ALTERNATOR_SOAK_SEED`` chooses other chances; without it they are the same each time, but for what
the machine's own pace changes.
"""

import os
from pathlib import Path

import pytest
from soak import Plan, Soak

SEED = int(os.environ.get("ALTERNATOR_SOAK_SEED") or 7)


@pytest.mark.timeout(400)
def test_each_post_is_described_once_and_none_is_damaged(tmp_path: Path) -> None:
    plan = Plan(seed=SEED, posts=40, accounts=3, share=0.1, least=20)
    result = Soak(plan, tmp_path).run()
    print(result)
    assert result.wrong == []
    # It did storm, and the bot had to do with it.
    assert result.faults.total() > 10
    assert result.described > 40


@pytest.mark.timeout(400)
def test_a_bot_that_did_harm_would_be_found(tmp_path: Path) -> None:
    """The verdict itself: a server that loses a word with an edit, and texts written twice."""
    soak = Soak(Plan(seed=SEED, posts=6, accounts=1, share=0.0, ends=False), tmp_path)
    check = soak._until_described

    def then_harm() -> None:
        check()
        first, second, third = list(soak.author.texts)[:3]
        soak.server.edit(first, token=soak.tokens[0], status="Not its author's words")
        store = soak.server.sandbox.store
        texts = [f"{store.attachments[k].description}!" for k in store.statuses[second].media_ids]
        soak.server.describe(second, texts, token=soak.tokens[0])
        soak.server.delete(third)

    vars(soak)["_until_described"] = then_harm
    wrong = "\n".join(soak.run().wrong)
    for words in ("a text that nobody wrote", "became", "is gone"):
        assert words in wrong
