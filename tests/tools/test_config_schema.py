from pathlib import Path

import pytest

from tools import config_schema


def test_the_committed_schema_is_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert config_schema.main(["--check"]) == 0
    monkeypatch.setattr(config_schema, "DOCUMENT", tmp_path / "alternator.schema.json")
    assert config_schema.main(["--check"]) == 1
    assert config_schema.main([]) == 0
    assert config_schema.main(["--check"]) == 0
