"""Every package's licence texts are collected, and one without any is named."""

import sys
from pathlib import Path

import pytest

from images.scripts.finish import licences


def install(site_packages: Path, name: str, files: dict[str, str], *, listed: str = "") -> None:
    """A package as pip leaves it; ``listed`` stands in its RECORD and is not there."""
    info = site_packages / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n")
    for path, text in files.items():
        file = site_packages / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    record = [f"{path},,\n" for path in (*files, *([listed] if listed else []))]
    (info / "RECORD").write_text("".join(record))


def run(monkeypatch: pytest.MonkeyPatch, site_packages: Path, folder: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["licences.py", str(site_packages), str(folder)])
    licences.main()


def test_the_texts_of_each_package_lie_in_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site_packages, folder = tmp_path / "site-packages", tmp_path / "licences"
    texts = {
        "one-1.0.dist-info/licenses/LICENSE": "of one",
        "one-1.0.dist-info/licenses/licence.txt": "of a part",
        "one/NOTICE": "a notice",
        "one/license.py": "code",
        "one/README": "no licence",
    }
    install(site_packages, "one", texts, listed="one/COPYING")
    install(site_packages, "two", {"two/COPYING": "of two"})
    install(site_packages, "bare", {"bare/__init__.py": ""})
    run(monkeypatch, site_packages, folder)
    found = {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == {
        "one/LICENSE": "of one",
        "one/licence.txt": "of a part",
        "one/NOTICE": "a notice",
        "two/COPYING": "of two",
    }
    said = "licences: of every package; without a text of their own: bare\n"
    assert capsys.readouterr().out == said


def test_no_package_is_bare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path / "site", "one", {"one/LICENSE": "of one"})
    run(monkeypatch, tmp_path / "site", tmp_path / "licences")
    assert capsys.readouterr().out.endswith("without a text of their own: none\n")
