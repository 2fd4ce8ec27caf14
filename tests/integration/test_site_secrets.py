"""What a site gives to a build is there while a step runs, and nowhere in the image afterwards.

A small Dockerfile with the mounts of the real ones (templates/macros.j2) shows both: its step fails
unless it finds every secret and the proxy, and then the whole image is searched for them.
"""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest

from images.build import base
from images.build.builder import Builder
from images.build.render import TEMPLATES
from images.build.site_settings import SECRETS, read_site
from images.catalog import CHECKOUT
from images.engine.engine import Engine

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
def image(builder: Builder, tmp_path: Path) -> Iterator[str]:
    """The small image, built with every secret that a site can have."""
    environ = {**builder.environ, "https_proxy": f"http://me:{PASSWORD}@proxy.example:3128"}
    for secret, variable in SECRETS.items():
        path = tmp_path / secret
        path.write_text(f"https://me:{PASSWORD}@mirror.example/{secret}\n")
        environ[variable] = str(path)
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.DictLoader({"test": DOCKERFILE}), jinja2.FileSystemLoader(TEMPLATES)]
        ),
        autoescape=False,
        trim_blocks=True,
    )
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(environment.get_template("test").render())
    reference = base.resolve(builder, None, builder.engine.platform)
    with Engine(environ) as engine:
        command = [str(engine.build_client), "build", "--no-cache", "--tag", TAG]
        command += ["--file", str(dockerfile), "--build-arg", f"BASE={reference}"]
        command += [*read_site(environ).build_options(), str(CHECKOUT)]
        assert PASSWORD not in " ".join(command)
        result = subprocess.run(
            command, env=engine.build_environ(), capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        yield TAG
        engine.client.images.remove(TAG, force=True)


def test_no_layer_and_no_history_holds_a_secret(engine: Engine, image: str) -> None:
    archive = b"".join(engine.client.images.get(image).save())
    places = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as outer:
        for entry in outer:
            file = outer.extractfile(entry)
            if file is not None and PASSWORD.encode() in file.read():
                places.append(entry.name)
    assert places == []  # layers, configuration with its history, manifest
    assert PASSWORD not in str(engine.history(image))
