"""Signing: what cosign is asked to do. It is a stand-in here; its options are cosign's own."""

import json
from pathlib import Path

import pytest
from attested import PREDICATES
from oci_registry import OciRegistry

from images.errors import ShipError
from images.publish.index import Member, join
from images.publish.registry import Repository
from images.publish.sign import Signer

COSIGN = """\
#!/usr/bin/env python3
import json, pathlib, sys
arguments = sys.argv[1:]
said = ""
if "--predicate" in arguments:
    at = arguments.index("--predicate") + 1
    said = json.loads(pathlib.Path(arguments[at]).read_text())
    arguments[at] = "FILE"
with open({log!r}, "a") as log:
    print(json.dumps([arguments, said]), file=log)
"""


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    """With a stand-in that writes down what it is asked."""
    program = tmp_path / "bin" / "cosign"
    program.parent.mkdir()
    program.write_text(COSIGN.format(log=str(tmp_path / "log")))
    program.chmod(0o755)
    return Signer(environ={"PATH": f"{program.parent}:/usr/bin:/bin"})


def test_the_index_is_signed_and_each_statement_attested_of_its_image(
    signer: Signer, repository: Repository, images: dict[str, str], tmp_path: Path
) -> None:
    members = [
        Member(architecture="amd64", digest=images["amd64"], predicates=PREDICATES),
        Member(architecture="arm64", digest=images["arm64"]),
    ]
    digest = join(repository, "1.0", members)
    signed = signer.sign(repository, digest)
    asked = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    name = repository.name
    options = ["--yes", "--allow-http-registry"]
    assert asked[0] == [["sign", "--recursive", *options, f"{name}@{digest}"], ""]
    image = f"{name}@{images['amd64']}"
    kinds = ["spdxjson", "cyclonedx", "slsaprovenance1"]
    assert asked[1:] == [
        [["attest", "--type", kind, "--predicate", "FILE", *options, image], predicate.document]
        for kind, predicate in zip(kinds, PREDICATES, strict=True)
    ]
    assert signed == [
        f"signed {name}@{digest}",
        *(f"attested {kind} of {image}" for kind in kinds),
    ]


def test_a_key_is_handed_on(signer: Signer, repository: Repository, tmp_path: Path) -> None:
    digest = join(repository, "1.0", [])
    Signer(environ=signer.environ, key="cosign.key").sign(repository, digest)
    [[arguments, _]] = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert arguments[:5] == ["sign", "--recursive", "--yes", "--key", "cosign.key"]


def test_cosigns_last_line_is_the_reason(
    signer: Signer, repository: Repository, registry: OciRegistry, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "cosign"
    program.write_text("#!/bin/sh\necho first >&2\necho Error: signing: no identity >&2\nexit 1\n")
    digest = join(repository, "1.0", [])
    with pytest.raises(ShipError, match=r"`cosign sign` failed: Error: signing: no identity"):
        signer.sign(repository, digest)


def test_without_cosign_its_address_is_named(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(ShipError, match="there is no `cosign` on PATH"):
        Signer(environ={"PATH": str(tmp_path)}).sign(repository, f"sha256:{'0' * 64}")
