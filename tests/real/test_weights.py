"""Real weights through our reader and writer: every name in its place, and speech understood."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import torch
import whisper

from alternator.models.checkpoint import read_checkpoint
from tests.real import speech, weights, words

T = TypeVar("T")


@pytest.fixture(scope="session", params=["base", "tiny.en"])
def name(request: pytest.FixtureRequest) -> weights.Name:
    return request.param


def had(fetch: Callable[[], T]) -> T:
    try:
        return fetch()
    except speech.NotHereError as error:
        pytest.skip(str(error))


def test_the_file_that_is_made_holds_what_the_directory_holds(name: weights.Name) -> None:
    directory = read_checkpoint(had(lambda: weights.directory(name)))
    file = read_checkpoint(weights.checkpoint(name))
    assert (directory.form, file.form) == ("CTranslate2 directory", "openai-whisper checkpoint")
    assert file.dimensions == directory.dimensions
    assert file.alignment_heads == directory.alignment_heads
    assert list(file.weights) == list(directory.weights)
    for key, tensor in file.weights.items():
        assert tensor.dtype == torch.float16
        assert torch.equal(tensor, directory.weights[key]), key


def test_openai_whisper_reads_the_file_by_itself(name: weights.Name) -> None:
    path = had(lambda: weights.checkpoint(name))
    theirs, ours = whisper.load_model(str(path), device="cpu"), weights.model(name)
    assert theirs.dims == ours.dims
    state = ours.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in theirs.state_dict().items())


def test_alignment_heads_are_those_that_openai_whisper_has_for_the_name(name: weights.Name) -> None:
    ours = had(lambda: weights.model(name))
    theirs = whisper.Whisper(ours.dims)
    theirs.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])
    assert torch.equal(ours.alignment_heads.to_dense(), theirs.alignment_heads.to_dense())


def test_base_understands_the_five_sentences() -> None:
    """Base gets 2.8 % of their words wrong, as measured with openai-whisper."""
    model = had(lambda: weights.model("base"))
    counts = []
    for line in had(lambda: speech.lines("en", "librivox")):
        heard = model.transcribe(
            speech.samples(line.path), language="en", fp16=False, temperature=0.0
        )
        counts.append(words.errors(line.text, str(heard["text"]), "en"))
    assert sum(count.words for count in counts) > 60
    assert words.rate(counts) <= 0.03


def test_who_has_no_index_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("PIP_CONFIG_FILE", "PIP_FIND_LINKS"):
        monkeypatch.setenv(variable, "/dev/null" if "FILE" in variable else "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv(speech.FOLDER, str(tmp_path))
    with pytest.raises(speech.NotHereError, match="the weights can't be fetched"):
        weights.directory("base")
    assert not list(tmp_path.iterdir())
