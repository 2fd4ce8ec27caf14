"""The weights that follow from dimensions are those of openai-whisper's own network."""

import pytest

from alternator.models import catalog
from alternator.models.dimensions import (
    Dimensions,
    expected_shapes,
    is_linear_weight,
    linear_parameters,
    parameters,
)

torch = pytest.importorskip("torch")
whisper = pytest.importorskip("whisper")

SMALL = Dimensions(
    n_mels=80,
    n_audio_ctx=1500,
    n_audio_state=64,
    n_audio_head=2,
    n_audio_layer=3,
    n_vocab=51865,
    n_text_ctx=448,
    n_text_state=64,
    n_text_head=2,
    n_text_layer=2,
)


def test_names_shapes_and_their_order_are_the_networks() -> None:
    made = whisper.Whisper(whisper.model.ModelDimensions(**vars(SMALL)))
    theirs = {name: tuple(tensor.shape) for name, tensor in made.state_dict().items()}
    assert expected_shapes(SMALL) == theirs
    assert parameters(SMALL) == sum(tensor.numel() for tensor in made.state_dict().values())
    linear = {
        f"{name}.weight"
        for name, module in made.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    assert {name for name in theirs if is_linear_weight(name)} == linear
    assert linear_parameters(SMALL) == sum(made.state_dict()[name].numel() for name in linear)


def test_languages() -> None:
    known = {model.name: model.dimensions for model in catalog.models()}
    assert (known["base"].is_multilingual, known["base"].num_languages) == (True, 99)
    assert (known["large-v3"].is_multilingual, known["large-v3"].num_languages) == (True, 100)
    assert not known["base.en"].is_multilingual
