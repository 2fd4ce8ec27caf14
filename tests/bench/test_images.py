"""What the benchmark of the builds reckons and prints."""

from dataclasses import replace

import pytest

from bench.cold_start import Took
from bench.image_recipes import with_own_cache_mounts
from bench.images import Measured, added_bytes, layer_sizes, table
from images.build.render import TEMPLATES
from images.engine.answers import HistoryStep

TABLE = """\
least / median                                  ours             plain  ours / plain
cold build, s                                    240               300          0.80
code-only rebuild, s                     4.00 / 5.00       2.00 / 2.50          2.00
nothing changed, s                       1.00 / 1.20       0.50 / 0.60          2.00
image, MB                                        856              3500          0.24
added by a code-only rebuild, MB         1.30 / 1.30       0.00 / 0.00             -
cold start to a loaded model, s          5.00 / 6.00       8.00 / 8.00          0.75
warm start to a loaded model, s                 4.00              8.00          0.50"""
OURS_ALONE = """\
least / median                                  ours
code-only rebuild, s                     4.00 / 5.00
nothing changed, s                       1.00 / 1.20
image, MB                                        856
added by a code-only rebuild, MB         1.30 / 1.30"""
HISTORY = [  # newest first, as the engine has it
    HistoryStep(created_by=instruction, comment="", size=size)
    for instruction, size in (
        ("LABEL a=b", 0),
        ("RUN /bin/sh -c sh /media/place.sh /mnt / # buildkit", 1300),
        ("ENV PATH=/opt", 0),
        ("WORKDIR /app", 0),
        ("", 120_000),
    )
]


def ours(*cold: float) -> Measured:
    """What our recipe took; a cold build only where one was made."""
    return Measured(
        cold=[*cold],
        code_only=[6.0, 4.0, 5.0],
        unchanged=[1.0, 1.2, 1.4],
        added=[1_300_000] * 3,
        size=856_000_000,
    )


def test_the_table() -> None:
    plain = Measured(
        cold=[300.0],
        code_only=[2.0, 2.5, 3.0],
        unchanged=[0.5, 0.6, 0.7],
        added=[0, 0, 0],
        size=3_500_000_000,
        start=Took(cold=(8.0, 8.0, 8.0), warm=(8.0,)),
    )
    mine = replace(ours(240.0), start=Took(cold=(5.0, 6.0, 7.0), warm=(4.0,)))
    assert table({"ours": mine, "plain": plain}) == TABLE.splitlines()


def test_the_table_without_cold_and_plain() -> None:
    assert table({"ours": ours()}) == OURS_ALONE.splitlines()


def test_bytes_of_the_layers_that_came_anew() -> None:
    sizes = layer_sizes(HISTORY)
    assert sizes == [120_000, 0, 1300]
    assert added_bytes(["base", "workdir", "old"], ["base", "workdir", "new"], sizes) == 1300


def test_every_cache_mount_of_the_templates_becomes_the_benchmarks_own() -> None:
    macros = with_own_cache_mounts((TEMPLATES / "macros.j2").read_text("utf-8"), "0.dev7")
    mounts = [line for line in macros.splitlines() if "type=cache" in line]
    assert mounts
    assert all("--mount=type=cache,id=0.dev7-" in mount for mount in mounts)
    templates = list(TEMPLATES.glob("*.Dockerfile.j2"))
    assert templates
    assert not any("type=cache" in template.read_text("utf-8") for template in templates)


def test_a_cache_mount_of_another_form_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="other cache mounts"):
        with_own_cache_mounts("RUN true", "0.dev7")
