"""What the documents point at is there: files named in code marks, and links between documents."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# A path of this repository: a known top-level folder, a slash, no blank and no placeholder.
TOP = "alternator|bench|compose|docs|images|probe|sandbox|templates|tests|tools"
PATH = re.compile(rf"`((?:{TOP})/[\w./-]*[\w/])`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_named_are_there(document: Path) -> None:
    named = set(PATH.findall(document.read_text(encoding="utf-8")))
    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = set(LINK.findall(document.read_text(encoding="utf-8")))
    local = {link for link in links if "://" not in link and not link.startswith("mailto:")}
    assert {link for link in local if not (document.parent / link).exists()} == set()


def test_the_patterns_find_something() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "tests/test_layout.py" in PATH.findall(text)
    assert "docs/architecture.md" in LINK.findall(text)
