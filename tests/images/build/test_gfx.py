"""Every target of the table can be asked for, and nothing else."""

from images.build import gfx
from images.catalog import load_catalog
from probe.tables.builds import load_table


def test_the_targets_are_those_of_the_variants_own_build() -> None:
    catalog, table = load_catalog(), load_table()
    rocm = catalog.variant("rocm")
    known = gfx.targets(rocm, table)
    assert "gfx1100" in known
    gfx.choose(",".join(sorted(known)), [rocm], table)
    gfx.choose("", [catalog.variant("cpu")], table)
    assert gfx.targets(catalog.variant("cuda"), table) == frozenset()
    assert gfx.kept("gfx1100", catalog.variant("cuda")) == ""
