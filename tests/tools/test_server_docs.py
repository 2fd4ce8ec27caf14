"""The page about servers is made from the table, and the committed one is current."""

import re

from alternator.mastodon.dialect import table
from tools import server_docs


def test_every_server_has_its_line_and_its_section():
    text = server_docs.render()
    for dialect in table().dialects:
        name = dialect.software
        assert f"\n## {name[0].upper()}{name[1:]}\n" in text
        assert f"| {server_docs.name_of(dialect)} |" in text


def test_every_fact_is_in_it_with_its_source():
    text = server_docs.render()
    for dialect in table().dialects:
        for fact in dialect.facts:
            assert f"{fact.says} ([source]({fact.source}))" in text
    for change in table().changes:
        assert f"| {change.version} | {change.says} |" in text


def test_every_link_within_leads_to_a_section():
    text = server_docs.render()
    sections = {
        title.lower().replace(" ", "-").replace(".", "")
        for title in re.findall(r"^##+ (.*)$", text, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= sections


def test_what_is_refused_says_what_works_instead():
    text = server_docs.render()
    for dialect in table().dialects:
        if dialect.why_not is not None:
            assert f"Refused: {dialect.why_not}. What works: {dialect.instead}." in text


def test_the_committed_page_is_current(tmp_path, monkeypatch, capsys):
    assert server_docs.main(["--check"]) == 0
    monkeypatch.setattr(server_docs, "DOCUMENT", tmp_path / "servers.md")
    assert server_docs.main(["--check"]) == 1
    assert "python -m tools.server_docs" in capsys.readouterr().err
    assert server_docs.main([]) == 0
    assert server_docs.main(["--check"]) == 0
