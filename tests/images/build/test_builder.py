"""The builder of a machine is what its engine's environment tells."""

import io
from pathlib import Path

import pytest
from fake_engine import FakeEngine

from images.build.builder import builder_here
from images.console import Console
from images.errors import SiteError


def test_site_and_apt_come_from_the_environment(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    engine = FakeEngine(environ={"ALTERNATOR_CA_BUNDLE": str(bundle), "PATH": "/bin"})
    builder = builder_here(engine, Console(io.StringIO()), may_install=False)
    assert builder.site.files == {"ca_bundle": bundle}
    assert (builder.apt.may_install, builder.apt.program("no-such-program")) == (False, None)
    assert builder.environ["PATH"] == "/bin"


def test_a_file_of_the_site_that_is_not_there_is_named() -> None:
    engine = FakeEngine(environ={"ALTERNATOR_CA_BUNDLE": "/none.pem"})
    with pytest.raises(SiteError, match=r"ALTERNATOR_CA_BUNDLE=/none\.pem: there is no such file"):
        builder_here(engine, Console(), may_install=False)
