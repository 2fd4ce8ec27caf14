"""The catalog is what the installed openai-whisper has."""

import base64
import gzip

import numpy as np
import pytest

from alternator.models import catalog
from alternator.models.dimensions import parameters

whisper = pytest.importorskip("whisper")


def test_names_and_addresses() -> None:
    theirs = {
        name: model.addresses(None)
        for model in catalog.models()
        for name in (model.name, *model.aliases)
    }
    assert theirs == {name: (address,) for name, address in whisper._MODELS.items()}
    assert set(catalog.names()) == set(whisper.available_models())


@pytest.mark.parametrize("model", catalog.models(), ids=lambda model: model.name)
def test_alignment_heads(model: catalog.NamedModel) -> None:
    d = model.dimensions
    assert all(0 <= a < d.n_text_layer and 0 <= b < d.n_text_head for a, b in model.alignment_heads)
    for name in (model.name, *model.aliases):
        packed = gzip.decompress(base64.b85decode(whisper._ALIGNMENT_HEADS[name]))
        marks = np.frombuffer(packed, dtype=bool).reshape(d.n_text_layer, d.n_text_head)
        assert [tuple(pair) for pair in np.argwhere(marks).tolist()] == list(model.alignment_heads)


@pytest.mark.parametrize("model", catalog.models(), ids=lambda model: model.name)
def test_a_file_is_as_large_as_its_weights_in_half_precision(model: catalog.NamedModel) -> None:
    """They hold float16, and little beside it: so dimensions and sizes prove each other."""
    more = model.size - 2 * parameters(model.dimensions)
    # The encoder's table of positions is float32 in the file.
    assert 0 < more < 4_000_000, f"{model.name}: {more} bytes"


def test_aliases() -> None:
    assert catalog.find("turbo") is catalog.find("large-v3-turbo")
    assert catalog.find("large") is catalog.find("large-v3")
    assert catalog.find("huge") is None


def test_a_mirror_may_have_the_files_in_two_ways() -> None:
    model = catalog.find("base")
    assert model is not None
    assert model.addresses("https://mirror.example/whisper/") == (
        f"https://mirror.example/whisper/{model.sha256}/base.pt",
        "https://mirror.example/whisper/base.pt",
    )
