"""What a site gives to a build is there while a step runs, and nowhere in the image afterwards.

A small Dockerfile with the mounts of the real ones (templates/macros.j2) shows both: its step fails
unless it finds every secret and the proxy, and then the whole image is searched for them.
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import jinja2
import pytest

from images.build import base, site_settings
from images.build.render import TEMPLATES
from images.catalog import CHECKOUT, load_catalog
from images.engine import platforms
from images.engine.engine import BUILDKIT, build_client

TAG = "alternator-test-site:1"
PASSWORD = "correct-horse-battery-staple"
DOCKERFILE = """\
{% import "macros.j2" as macros -%}
ARG BASE
FROM ${BASE}
RUN {{ macros.apt_mounts("test") }} \\
    --mount=type=secret,id=pip_conf \\
    for name in ca_bundle apt_sources apt_auth pip_conf; do \\
      grep -q "$(printf 'correct-%s-battery-staple' horse)" "/run/secrets/$name" || exit 1; \\
    done; test -n "${https_proxy}" && echo "${https_proxy}" > /dev/shm/used
"""


@pytest.fixture
def image(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The small image, built with every secret that a site can have."""
    for secret, variable in site_settings.SECRETS.items():
        path = tmp_path / secret
        path.write_text(f"https://me:{PASSWORD}@mirror.example/{secret}\n")
        monkeypatch.setenv(variable, str(path))
    monkeypatch.setenv("https_proxy", f"http://me:{PASSWORD}@proxy.example:3128")
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.DictLoader({"test": DOCKERFILE}), jinja2.FileSystemLoader(TEMPLATES)]
        ),
        autoescape=False,
        trim_blocks=True,
    )
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(environment.get_template("test").render())
    reference = base.resolve(load_catalog().base)
    command = [str(build_client()), "build", "--no-cache", "--tag", TAG, "--file", str(dockerfile)]
    command += ["--build-arg", f"BASE={reference}", *site_settings.arguments(), str(CHECKOUT)]
    assert PASSWORD not in " ".join(command)
    result = subprocess.run(
        command, env={**os.environ, **BUILDKIT}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    yield TAG
    engine.images.remove(TAG, force=True)


def test_no_layer_and_no_history_holds_a_secret(engine: docker.DockerClient, image: str) -> None:
    archive = b"".join(engine.images.get(image).save())
    places = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as outer:
        for entry in outer:
            file = outer.extractfile(entry)
            if file is not None and PASSWORD.encode() in file.read():
                places.append(entry.name)
    assert places == []  # layers, configuration with its history, manifest
    assert PASSWORD not in str(engine.images.get(image).history())


def test_the_base_forgets_the_sites_mirrors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.list"
    sources.write_text(f"deb https://me:{PASSWORD}@mirror.example/debian bookworm main\n")
    monkeypatch.setenv("ALTERNATOR_APT_SOURCES", str(sources))
    command = base.mmdebstrap_command(
        "mmdebstrap", load_catalog().base, platforms.AMD64, tmp_path / "base.tar"
    )
    assert command[-1] == str(sources)
    hooks = " ".join(word for word in command if word.startswith("--customize-hook="))
    assert "etc/apt/apt.conf.d/99mmdebstrap" in hooks
    assert ': > "$1/etc/apt/sources.list"' in hooks
