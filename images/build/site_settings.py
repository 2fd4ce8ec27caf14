"""What a site adds to a build: certificates, proxies, mirrors and credentials.

Files reach a build as BuildKit secrets, which are there while a step runs and in no layer. Proxies
are arguments that the engine knows by name and keeps out of the history.
"""

import os
from collections.abc import Mapping
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


def files(environ: Mapping[str, str] = os.environ) -> dict[str, Path]:
    """The site's files by their secret's name; SiteError names one that is not there."""
    found = {}
    for secret, variable in SECRETS.items():
        name = environ.get(variable)
        if not name:
            continue
        path = Path(name).expanduser()
        if not path.is_file():
            raise SiteError(f"{variable}={name}: there is no such file")
        found[secret] = path.resolve()
    return found


def arguments(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The build command's options for this site; SiteError names a file that is not there."""
    options = []
    for secret, path in files(environ).items():
        options += ["--secret", f"id={secret},src={path}"]
    for name in PROXIES:
        for spelling in (name, name.upper()):
            if environ.get(spelling):
                # Without a value the client takes it from its environment: not on a command line,
                # which every user of the machine can read.
                options += ["--build-arg", spelling]
    return options
