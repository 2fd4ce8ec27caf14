"""What every build on this machine shares: made once by a command, handed to whoever builds."""

from collections.abc import Mapping
from dataclasses import dataclass

from images.build.site_settings import Site, read_site
from images.catalog import Catalog, load_catalog
from images.console import Console
from images.engine.apt import Apt
from images.engine.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Builder:
    """One engine, one catalog, one site, this machine's apt, and where progress is told."""

    engine: Engine
    catalog: Catalog
    site: Site
    apt: Apt
    console: Console

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables that pip and mmdebstrap run with."""
        return self.engine.environ


def builder_here(engine: Engine, console: Console, *, may_install: bool) -> Builder:
    """The builder of this machine, as its engine's environment tells it.

    SiteError names a file of the site that is not there. ``may_install`` is whether packages may
    be installed on this machine.
    """
    return Builder(
        engine=engine,
        catalog=load_catalog(),
        site=read_site(engine.environ),
        apt=Apt(environ=engine.environ, may_install=may_install, console=console),
        console=console,
    )
