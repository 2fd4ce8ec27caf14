"""The table of what variables that choose GPUs mean."""

import re
from typing import get_args

import pytest

from probe.tables.visibility import (
    CUDA,
    HIP,
    ON_CUDA,
    ON_HIP,
    ON_OVERRIDE,
    ON_ROCR,
    SOURCES,
    TABLE,
    Case,
    Row,
    readable,
    unreadable,
)

OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.variable} {row.reader}")
def test_each_cell_has_its_source(row: Row) -> None:
    for case, (_, source) in row.cells.items():
        assert re.match(r"https://[a-z.]+/", SOURCES[source]), case


def test_each_source_is_somebodys() -> None:
    used = {source for row in TABLE for _, source in row.cells.values()}
    assert used == set(SOURCES)


@pytest.mark.parametrize("row", [ON_CUDA, ON_HIP, ON_ROCR], ids=lambda row: row.reader)
def test_a_list_of_devices_has_every_cell(row: Row) -> None:
    assert set(row.cells) == set(get_args(Case))


def test_empty_is_not_the_same_everywhere() -> None:
    found = [row.does("empty") for row in (ON_CUDA, ON_HIP, ON_ROCR, ON_OVERRIDE)]
    assert found == ["hides all", "is unset", "hides all", "is no GPU at all"]


@pytest.mark.parametrize(
    ("environ", "left_out"),
    [
        ({}, ()),
        ({OVERRIDE: ""}, (OVERRIDE,)),
        ({OVERRIDE: "10.3.0"}, ()),
        ({OVERRIDE: " 10.3.0"}, ()),
        ({OVERRIDE: "gfx1030"}, (OVERRIDE,)),
        ({OVERRIDE: "10.3"}, (OVERRIDE,)),
        ({OVERRIDE: "10.3.0 "}, (OVERRIDE,)),
        ({OVERRIDE: '"10.3.0"'}, (OVERRIDE,)),
        ({OVERRIDE: "64.0.0"}, (OVERRIDE,)),
        ({OVERRIDE: "10.3.256"}, (OVERRIDE,)),
        ({f"{OVERRIDE}_1": ""}, (f"{OVERRIDE}_1",)),
        ({f"{OVERRIDE}_1": "11.0.0", OVERRIDE: ""}, (OVERRIDE,)),
        ({HIP: ""}, (HIP,)),
        ({HIP: "-1", CUDA: "", "ROCR_VISIBLE_DEVICES": ""}, ()),
    ],
)
def test_what_no_process_is_started_with(
    environ: dict[str, str], left_out: tuple[str, ...]
) -> None:
    assert unreadable(environ) == left_out
    kept = {name: value for name, value in environ.items() if name not in left_out}
    assert readable(environ | {"PATH": "/bin"}) == kept | {"PATH": "/bin"}
