"""Which builds are lean, and which are asked for whole in vain."""

import pytest

from images.build.lean import check_full, has_lean, is_full
from images.catalog import load_catalog, with_build
from images.errors import CatalogError


def test_the_own_build_of_the_cuda_image_is_lean_unless_asked_otherwise() -> None:
    cuda = load_catalog().variant("cuda")
    assert has_lean(cuda)
    assert not is_full(False, cuda)
    assert is_full(True, cuda)


def test_its_other_builds_keep_all_of_their_libraries() -> None:
    """Nobody has looked at them: the tables of images/scripts/finish are of one build."""
    older = with_build(load_catalog().variant("cuda"), wheel="cu126")
    assert not has_lean(older)
    assert is_full(False, older)


@pytest.mark.parametrize("name", ["cpu", "rocm"])
def test_other_variants_have_no_complete_image(name: str) -> None:
    variant = load_catalog().variant(name)
    assert not has_lean(variant) and not is_full(False, variant)
    check_full(False, variant)
    with pytest.raises(CatalogError, match=f"--full is for the CUDA image: {name} has all"):
        check_full(True, variant)
