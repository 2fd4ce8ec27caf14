"""Which stubs a build may ask for."""

import pytest

from images.build import stubs
from images.errors import CatalogError


def test_all_stubs_are_chosen_by_one_word() -> None:
    assert stubs.choose("all", "cuda") == "cusparselt,nccl,nvshmem"
    assert stubs.choose("nvshmem, nccl", "cuda") == "nccl,nvshmem"
    assert stubs.choose("", "cpu") == ""


def test_unknown_stubs_and_other_variants_are_refused() -> None:
    with pytest.raises(CatalogError, match="no stub of cublas; choose from cusparselt, nccl, nvs"):
        stubs.choose("cublas", "cuda")
    with pytest.raises(CatalogError, match="stubs are for the CUDA image: rocm has none"):
        stubs.choose("nccl", "rocm")
