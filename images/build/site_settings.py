"""What a site adds to a build: certificates, proxies, mirrors and credentials.

Files reach a build as BuildKit secrets, which are there while a step runs and in no layer. Proxies
are arguments that BuildKit knows by name and keeps out of the history. Both:
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/docs/reference.md
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from images.errors import SiteError

# The secret's name in the Dockerfiles, the variable that names the file on this machine.
SECRETS = {
    "ca_bundle": "ALTERNATOR_CA_BUNDLE",
    "pip_conf": "ALTERNATOR_PIP_CONF",
    "apt_sources": "ALTERNATOR_APT_SOURCES",
    "apt_auth": "ALTERNATOR_APT_AUTH",
}
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "ftp_proxy", "all_proxy")


@dataclass(frozen=True, kw_only=True)
class Site:
    """The site's files by their secret's name, and the names of its proxies' variables.

    ``source_date_epoch`` is the time to give to images (seconds since 1970) where it is not the
    commit's.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    proxies: tuple[str, ...] = ()
    source_date_epoch: int | None = None

    def build_options(self) -> list[str]:
        """The build command's options for this site."""
        options = []
        for secret, path in self.files.items():
            options += ["--secret", f"id={secret},src={path}"]
        for name in self.proxies:
            # Without a value the client takes it from its environment: not on a command line,
            # which every user of the machine can read.
            options += ["--build-arg", name]
        return options


def read_site(environ: Mapping[str, str]) -> Site:
    """The site that the environment tells of; SiteError names a file that is not there."""
    files = {}
    for secret, variable in SECRETS.items():
        name = environ.get(variable)
        if not name:
            continue
        path = Path(name).expanduser()
        if not path.is_file():
            raise SiteError(f"{variable}={name}: there is no such file")
        files[secret] = path.resolve()
    spellings = [spelling for name in PROXIES for spelling in (name, name.upper())]
    epoch = environ.get("SOURCE_DATE_EPOCH", "")
    return Site(
        files=files,
        proxies=tuple(name for name in spellings if environ.get(name)),
        source_date_epoch=int(epoch) if epoch.isdecimal() else None,
    )
