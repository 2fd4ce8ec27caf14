"""Which names clients may use for which models."""

from pathlib import Path

import pytest

from alternator.errors import ConfigError, ModelError
from alternator.models import catalog
from alternator.serve.errors import ApiError
from alternator.serve.names import Names


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with a model of one's own, and with what looks like tiny."""
    (tmp_path / "mine.pt").write_bytes(b"a model")
    tiny = catalog.find("tiny")
    assert tiny is not None
    with (tmp_path / "tiny.pt").open("wb") as file:
        file.truncate(tiny.size)
    return tmp_path


def test_what_is_here(directory: Path) -> None:
    names = Names(("base", str(directory / "mine.pt")), directory, fetch=False)
    assert [model.id for model in names.listed()] == ["base", "mine", "tiny"]
    base, mine, tiny = names.listed()
    assert (base.wanted, base.created, base.owner) == ("base", 0, "openai")
    assert (mine.wanted, mine.owner) == (str(directory / "mine.pt"), "operator")
    assert tiny.created > 0
    (own,) = (one for one in Names(("base",), directory, fetch=False).listed() if one.id == "mine")
    assert own.wanted == str(directory / "mine.pt")
    for default in ("", "whisper-1", "base"):
        assert names.find(default) == base


def test_aliases_are_the_same_model(directory: Path) -> None:
    names = Names(("large", "turbo"), directory, fetch=False)
    assert [model.id for model in names.listed()][:2] == ["large-v3", "large-v3-turbo"]
    assert names.find("large") == names.find("large-v3") == names.default
    assert names.find("turbo").id == "large-v3-turbo"


def test_what_is_not_here_is_fetched_only_where_the_operator_allows_it(directory: Path) -> None:
    with pytest.raises(ApiError, match="there are: base, tiny, mine") as caught:
        Names(("base",), directory, fetch=False).find("small")
    assert (caught.value.status, caught.value.param) == (404, "model")
    fetching = Names(("base",), directory, fetch=True)
    assert fetching.find("small").wanted == "small"
    with pytest.raises(ApiError, match="no model 'enormous'"):
        fetching.find("enormous")


@pytest.mark.parametrize("name", ["mine.pt", "../mine", "./mine.pt", "/etc/passwd", "~/x"])
def test_a_client_names_no_path(directory: Path, name: str) -> None:
    with pytest.raises(ApiError, match="there is no model"):
        Names(("base",), directory, fetch=True).find(name)


def test_what_the_operator_names(directory: Path) -> None:
    with pytest.raises(ModelError, match="no model 'enormous'"):
        Names(("enormous",), directory, fetch=False)
    with pytest.raises(ConfigError, match="two models are called 'mine'"):
        Names(("mine", str(directory / "mine.pt")), directory, fetch=False)
