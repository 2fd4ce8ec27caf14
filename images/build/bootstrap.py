"""Makes the base image from Debian's own packages, where no registry answers: mmdebstrap.

Its options: https://manpages.ubuntu.com/manpages/lunar/man1/mmdebstrap.1.html (version 1.3, as
Debian 12 has it).
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from images.build.builder import Builder
from images.build.provenance import EARLIEST
from images.build.reproducible import reset_times
from images.catalog import BaseImage
from images.console import StatusLine
from images.engine import commands
from images.engine.platforms import Platform, this_machine
from images.errors import EngineError

TIMEOUT_S = 900
IMPORT_S = 300  # the engine takes in 120 MB
RECIPE_LABEL = "alternator.base.packages"
# Byte-code that does not depend on its source's time, which is put back.
COMPILE = (
    'chroot "$1" python3 -m compileall -q -f --invalidation-mode unchecked-hash '
    "/usr/lib/python3 /usr/lib/python3.*"
)
# apt's settings for this run, and the site's own mirrors, are no part of the image.
FORGET = 'rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap"'
# A site's own mirrors, with whatever its lines hold, stay out of the image: builds get them anew.
FORGET_SOURCES = ': > "$1/etc/apt/sources.list"'
# Without it the package usrmerge brings all of Perl.
MERGED_USR = Path("/usr/share/mmdebstrap/hooks/merged-usr")
# Documentation and translations are never read in a container.
LEFT_OUT = ("bash-completion", "doc", "info", "lintian", "locale", "man")


def bootstrap(builder: Builder, platform: Platform) -> str:
    """Make the base with mmdebstrap and import it under its local tag, which is returned."""
    _require_tools(builder, platform)
    base = builder.catalog.base
    with (
        tempfile.TemporaryDirectory(prefix="alternator-base-") as folder,
        builder.console.status() as status,
    ):
        archive = Path(folder, "base.tar")
        status.update(f"bootstrapping Debian {base.suite} with Python ({platform})")
        command = mmdebstrap_command(base, platform, archive, builder.site.files)
        _run(command, builder.environ, Path(folder, "mmdebstrap.log"), status)
        status.update("importing the base image")
        tag = _import(builder, platform, archive)
        status.done(f"base image {tag} made from Debian {base.suite}")
    return tag


def _require_tools(builder: Builder, platform: Platform) -> None:
    """Install what makes the base; EngineError with the command to type where that may not be."""
    # arch-test is what mmdebstrap asks whether the programs of another architecture run.
    foreign = platform.machine != this_machine()
    tools = ["mmdebstrap", *(["arch-test"] if foreign else [])]
    missing = [tool for tool in tools if builder.apt.program(tool) is None]
    if not missing:
        return
    refusal = builder.apt.refusal()
    if refusal is not None:
        raise EngineError(
            f"no container registry answers, and {' and '.join(missing)}, which would make the "
            f"base image from Debian's packages, can't be installed ({refusal}). Type\n"
            f"{commands.to_install(missing, commands.here())}"
            f"or name an image that can be reached: "
            f"make images BASE=registry.example/{builder.catalog.base.image}"
        )
    builder.apt.install(missing, "to make the base image")


def _run(command: Sequence[str], environ: Mapping[str, str], log: Path, status: StatusLine) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            # Files get a time that does not tell when the base was made.
            env={**environ, "SOURCE_DATE_EPOCH": str(EARLIEST)},
            stdout=stream,
            stderr=stream,
            stdin=subprocess.DEVNULL,
        )
        try:
            while process.poll() is None:
                if time.monotonic() > deadline:
                    raise EngineError(f"mmdebstrap did not end within {TIMEOUT_S} s")
                status.update(status.text)
                time.sleep(0.2)
        finally:
            if process.poll() is None:
                process.kill()
    if process.returncode != 0:
        last_words = "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:])
        remedy = "" if os.geteuid() == 0 else "\nWithout root it needs newuidmap (package uidmap)."
        raise EngineError(f"mmdebstrap failed:\n{last_words}{remedy}")


def mmdebstrap_command(
    base: BaseImage, platform: Platform, archive: Path, site_files: Mapping[str, Path]
) -> list[str]:
    """The command that writes the base's root file system to ``archive``."""
    packages = [*base.packages]
    command = ["mmdebstrap", "--variant=minbase", f"--architectures={platform.architecture}"]
    if MERGED_USR.is_dir():
        command.append(f"--hook-dir={MERGED_USR}")
        packages.append("usr-is-merged")
    command.append(f"--include={','.join(packages)}")
    command += [f"--dpkgopt=path-exclude=/usr/share/{path}/*" for path in LEFT_OUT]
    command.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    command += [f"--customize-hook={COMPILE}", f"--customize-hook={FORGET}"]
    for name in base.mounted_over:
        command.append(f'--customize-hook=: > "$1/{name}" && chmod 644 "$1/{name}"')
    if "ca_bundle" in site_files:
        command.append(f'--aptopt=Acquire::https::CAInfo "{site_files["ca_bundle"]}"')
    if "apt_auth" in site_files:
        command.append(f'--aptopt=Dir::Etc::netrc "{site_files["apt_auth"]}"')
    if "apt_sources" in site_files:
        command.append(f"--customize-hook={FORGET_SOURCES}")
    command += [base.suite, str(archive)]
    if "apt_sources" in site_files:
        command.append(str(site_files["apt_sources"]))
    return command


def _import(builder: Builder, platform: Platform, archive: Path) -> str:
    """Import a root file system, labelled with what it is made of; returns its local tag."""
    base = builder.catalog.base
    name = base.bootstrap_tag(platform.architecture)
    repository, _, tag = name.partition(":")
    podman = builder.engine.podman
    with builder.engine.patience(IMPORT_S) as client:
        client.api.import_image_from_file(
            str(archive),
            # Podman 4.3 passes over the tag that is told apart, and takes a bare name for Docker's.
            repository=f"localhost/{name}" if podman else repository,
            tag=None if podman else tag,
            changes=['CMD ["python3"]', f"LABEL {RECIPE_LABEL}={recipe(base)}"],
        )
        if not podman:  # which takes no configuration alone
            # The engine takes an import for its own architecture.
            reset_times(builder.engine, name, EARLIEST, platform.architecture)
    return name


def recipe(base: BaseImage) -> str:
    """What a base is made of, as its label has it."""
    return "+".join(base.packages)
