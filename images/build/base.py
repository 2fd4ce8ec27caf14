"""The base image: the registry's, pinned by digest, or one made from Debian's own packages.

A site without a container registry is an ordinary case: mmdebstrap makes the same Debian release
with the same Python in about a minute, and the result is kept under a local tag.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from datetime import date
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound

from images.build import reproducible, site_settings
from images.catalog import CATALOG_FILE, BaseImage, load_catalog
from images.console import StatusLine, say
from images.engine import apt
from images.engine.engine import connect
from images.engine.platforms import Platform, native, this_machine
from images.errors import EngineError

REGISTRY_TIMEOUT_S = 15
BOOTSTRAP_TIMEOUT_S = 900
RECIPE_LABEL = "alternator.base.packages"
# Files get a time that does not tell when the base was made: 1980-01-01, as in our own layers.
EPOCH = 315532800
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


def resolve(base: BaseImage, override: str | None = None, platform: Platform | None = None) -> str:
    """The reference that the build's ``BASE`` argument gets, for ``platform`` or the engine's own.

    ``override`` is ``registry``, ``bootstrap``, an image reference (a mirror, say), or None: then
    the first of these is taken that is there: the registry's image already pulled, a base made here
    before, the registry, a base made now.
    """
    if override == "registry":
        return base.reference
    if override not in (None, "bootstrap"):
        return override
    client = connect()
    platform = platform or native(client)
    if override is None and _exists(client, base.reference, platform):
        return base.reference
    tag = base.bootstrap_tag(platform.architecture)
    if _is_current(client, base, tag):
        return tag
    if override is None:
        why = registry_refusal(base)
        if why is None:
            return base.reference
        say(f"No container registry answers ({why}): making the base image from Debian's packages.")
    bootstrap(base, platform)
    return tag


def digest(reference: str) -> str:
    """The digest that a base's reference stands for: the registry's, or that of the local image."""
    _, _, pinned = reference.partition("@")
    if pinned:
        return pinned
    try:
        image = connect().images.get(reference)
    except ImageNotFound:
        return "unknown"
    digests = image.attrs.get("RepoDigests") or [f"@{image.id}"]
    return str(digests[0]).partition("@")[2]


def registry_refusal(base: BaseImage) -> str | None:
    """Why the registry does not serve the pinned base, in a few words; None if it does."""
    try:
        connect(REGISTRY_TIMEOUT_S).images.get_registry_data(base.reference)
    except (DockerException, OSError) as error:
        text = str(getattr(error, "explanation", None) or error)
        return text.rsplit(": ", 1)[-1].strip() or type(error).__name__
    return None


def pin(path: Path = CATALOG_FILE) -> str:
    """Write the digest that the base's tag has in the registry now into the catalog; says so."""
    base = load_catalog(path).base
    try:
        found = connect(REGISTRY_TIMEOUT_S).images.get_registry_data(base.image)
    except (DockerException, OSError) as error:
        raise EngineError(
            f"the registry does not tell the digest of {base.image} ({error}); "
            f"the catalog keeps {base.digest}"
        ) from error
    digest = str(found.id)
    source = f"the registry's answer for {base.image}, {date.today().isoformat()}"
    text = path.read_text("utf-8")
    text = re.sub(r'^digest = ".*"$', f'digest = "{digest}"', text, count=1, flags=re.MULTILINE)
    text = re.sub(r'^source = ".*"$', f'source = "{source}"', text, count=1, flags=re.MULTILINE)
    path.write_text(text, "utf-8")
    load_catalog.cache_clear()
    return f"{base.image} is pinned to {digest}"


def bootstrap(base: BaseImage, platform: Platform) -> None:
    """Make the base with mmdebstrap and import it under its local tag."""
    # arch-test is what mmdebstrap asks whether the programs of another architecture run.
    foreign = platform.machine != this_machine()
    tools = ["mmdebstrap", *(["arch-test"] if foreign else [])]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        refusal = apt.refusal()
        if refusal is not None:
            raise EngineError(
                f"no container registry answers, and {' and '.join(missing)}, which would make the "
                f"base image from Debian's packages, can't be installed ({refusal}). Type\n"
                f"    sudo apt-get install {' '.join(missing)}\n"
                f"or name an image that can be reached: "
                f"make images BASE=registry.example/{base.image}"
            )
        apt.install(missing, "to make the base image")
    with tempfile.TemporaryDirectory(prefix="alternator-base-") as folder, StatusLine() as status:
        archive = Path(folder, "base.tar")
        _run_mmdebstrap(base, platform, archive, status)
        status.update("importing the base image")
        tag = _import(base, platform, archive)
        status.done(f"base image {tag} made from Debian {base.suite}")


def _run_mmdebstrap(base: BaseImage, platform: Platform, archive: Path, status: StatusLine) -> None:
    command = mmdebstrap_command("mmdebstrap", base, platform, archive)
    log = Path(archive.parent, "mmdebstrap.log")
    deadline = time.monotonic() + BOOTSTRAP_TIMEOUT_S
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)},
            stdout=stream,
            stderr=stream,
            stdin=subprocess.DEVNULL,
        )
        try:
            while process.poll() is None:
                if time.monotonic() > deadline:
                    raise EngineError(f"mmdebstrap did not end within {BOOTSTRAP_TIMEOUT_S} s")
                status.update(f"bootstrapping Debian {base.suite} with Python ({platform})")
                time.sleep(0.2)
        finally:
            if process.poll() is None:
                process.kill()
    if process.returncode != 0:
        last_words = "\n".join(log.read_text("utf-8", "replace").splitlines()[-8:])
        hint = "" if os.geteuid() == 0 else "\nWithout root it needs newuidmap (package uidmap)."
        raise EngineError(f"mmdebstrap failed:\n{last_words}{hint}")


def mmdebstrap_command(tool: str, base: BaseImage, platform: Platform, archive: Path) -> list[str]:
    """The command that writes the base's root file system to ``archive``."""
    packages = [*base.packages]
    command = [tool, "--variant=minbase", f"--architectures={platform.architecture}"]
    if MERGED_USR.is_dir():
        command.append(f"--hook-dir={MERGED_USR}")
        packages.append("usr-is-merged")
    command.append(f"--include={','.join(packages)}")
    # Documentation and translations are never read in a container.
    for path in ("bash-completion", "doc", "info", "lintian", "locale", "man"):
        command.append(f"--dpkgopt=path-exclude=/usr/share/{path}/*")
    command.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    command += [f"--customize-hook={COMPILE}", f"--customize-hook={FORGET}"]
    for name in base.mounted_over:
        command.append(f'--customize-hook=: > "$1/{name}" && chmod 644 "$1/{name}"')
    files = site_settings.files()
    if "ca_bundle" in files:
        command.append(f'--aptopt=Acquire::https::CAInfo "{files["ca_bundle"]}"')
    if "apt_auth" in files:
        command.append(f'--aptopt=Dir::Etc::netrc "{files["apt_auth"]}"')
    if "apt_sources" in files:
        command.append(f"--customize-hook={FORGET_SOURCES}")
    command += [base.suite, str(archive)]
    if "apt_sources" in files:
        command.append(str(files["apt_sources"]))
    return command


def _import(base: BaseImage, platform: Platform, archive: Path) -> str:
    """Import a root file system, labelled with what it is made of; returns its local tag."""
    name = base.bootstrap_tag(platform.architecture)
    repository, _, tag = name.partition(":")
    client = connect(timeout_s=300)
    client.api.import_image_from_file(
        str(archive),
        repository=repository,
        tag=tag,
        changes=['CMD ["python3"]', f"LABEL {RECIPE_LABEL}={_recipe(base)}"],
    )
    # The engine takes an import for its own architecture.
    reproducible.settle(client, name, EPOCH, platform.architecture)
    return name


def _recipe(base: BaseImage) -> str:
    return "+".join(base.packages)


def _is_current(client: docker.DockerClient, base: BaseImage, tag: str) -> bool:
    """Whether a base made earlier is here and was made of the packages the catalog names now."""
    try:
        labels = client.images.get(tag).labels
    except ImageNotFound:
        return False
    return labels.get(RECIPE_LABEL) == _recipe(base)


def _exists(client: docker.DockerClient, reference: str, platform: Platform) -> bool:
    try:
        return bool(client.images.get(reference).attrs["Architecture"] == platform.architecture)
    except ImageNotFound:
        return False
