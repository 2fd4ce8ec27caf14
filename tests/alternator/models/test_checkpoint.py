from pathlib import Path

import torch

from alternator.models.checkpoint import read_checkpoint

FIXTURE = Path(__file__).parents[3] / "sandbox" / "whisper" / "fixture.pt"


def test_a_file_of_openai_whisper_is_read():
    found = read_checkpoint(FIXTURE)
    assert (found.dimensions.n_text_layer, found.dimensions.n_text_state) == (2, 64)
    assert found.dimensions.is_multilingual
    assert found.dimensions.num_languages == 99
    assert found.weights["decoder.token_embedding.weight"].dtype == torch.float16
