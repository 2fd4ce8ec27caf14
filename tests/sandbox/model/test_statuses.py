"""Statuses by what requests ask for, whatever is put in and taken out."""

import random
from dataclasses import replace

from sandbox.model.records import Status
from sandbox.model.statuses import Statuses


def status(number: int, account: str = "a", **fields: str | None) -> Status:
    return Status(
        id=str(number),
        account_id=account,
        created_at=0.0,
        text="",
        in_reply_to_id=fields.get("parent"),
        reblog_of=fields.get("original"),
    )


def test_each_is_found_where_a_look_at_all_finds_it():
    chance = random.Random(7)
    statuses = Statuses()
    for _ in range(2_000):
        key = str(chance.randrange(60))
        if chance.random() < 0.3:
            statuses.pop(key, None)
            continue
        parent, original = (chance.choice([None, str(chance.randrange(9))]) for _ in range(2))
        statuses[key] = status(int(key), chance.choice("abc"), parent=parent, original=original)
        everyone = list(statuses.values())
        for name in "abcd":
            same = {s.id for s in everyone if s.account_id == name}
            assert {s.id for s in statuses.of_account(name)} == same
        for number in map(str, range(9)):
            replies = {s.id for s in everyone if s.in_reply_to_id == number}
            assert {s.id for s in statuses.replies_to(number)} == replies
            boosts = {s.id for s in everyone if s.reblog_of == number}
            assert {s.id for s in statuses.boosts_of(number)} == boosts


def test_a_replaced_one_is_found_as_it_is_now():
    statuses = Statuses([status(1, parent="9")])
    statuses["1"] = replace(statuses["1"], text="edited", in_reply_to_id=None)
    assert statuses.replies_to("9") == []
    assert [found.text for found in statuses.of_account("a")] == ["edited"]
    del statuses["1"]
    assert statuses.of_account("a") == [] and statuses == {}
