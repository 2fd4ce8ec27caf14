"""The module that is made of the TOML tables, and whether it is current."""

from probe.tables.generate import MODULE, main, render


def test_the_generated_module_is_current():
    assert main(["--check"]) == 0


def test_a_module_that_is_not_current_is_told(tmp_path, monkeypatch, capsys):
    stale = tmp_path / MODULE.name
    stale.write_text(render().replace("cu130", "cu131"))
    monkeypatch.setattr("probe.tables.generate.MODULE", stale)
    assert main(["--check"]) == 11
    assert "run python -m probe.tables.generate" in capsys.readouterr().err
    assert main([]) == 0
    assert stale.read_text() == render()
