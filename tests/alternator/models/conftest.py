"""A small model that the catalog knows, and a mirror that has it."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from model_server import ModelServer, model_server

from alternator.models import catalog
from alternator.models.catalog import NamedModel

CONTENT = random.Random(0).randbytes(700_000)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


@pytest.fixture
def tiny(server: ModelServer) -> NamedModel:
    """The model ``tiny``, but with a small file, which the mirror has."""
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    found = catalog.find("tiny")
    assert found is not None
    made = replace(found, sha256=sha256, size=len(CONTENT))
    server.files[f"/models/{sha256}/tiny.pt"] = CONTENT
    return made


@pytest.fixture
def known(tiny: NamedModel, monkeypatch: pytest.MonkeyPatch) -> NamedModel:
    """The same, and the catalog knows it."""
    others = [model for model in catalog.models() if model.name != "tiny"]
    monkeypatch.setattr(catalog, "models", lambda: (tiny, *others))
    return tiny


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """openai-whisper's own cache, which whoever runs this may have models in: an empty one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache" / "whisper"
