"""Signs an index of images in a registry, and what is attested of each, with ``cosign``.

Unsigned attestations say something, signed ones say who says it. Without a key it is signed by who
runs this, as an identity provider tells (keyless); the release workflow signs so.
https://docs.sigstore.dev/cosign/signing/signing_with_containers/
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from images.errors import ShipError
from images.publish.attestations import CYCLONEDX, PROVENANCE, SPDX, read
from images.publish.index import attestations_in
from images.publish.registry import Repository

TIMEOUT_S = 300
# What cosign calls the types: https://github.com/sigstore/cosign/blob/main/doc/cosign_attest.md
KINDS = {CYCLONEDX: "cyclonedx", SPDX: "spdxjson", PROVENANCE: "slsaprovenance1"}


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Runs ``cosign`` in an environment; ``key`` is a file or an address of a key, or none."""

    environ: Mapping[str, str]
    key: str = ""

    def sign(self, repository: Repository, digest: str) -> list[str]:
        """Sign an index and all in it, then the attestations; what was signed, a line each.

        ShipError has cosign's last line.
        """
        options = ["--yes", *(["--key", self.key] if self.key else [])]
        if not repository.secure:
            options.append("--allow-http-registry")
        index = f"{repository.name}@{digest}"
        self._cosign(["sign", "--recursive", *options, index])
        signed = [f"signed {index}"]
        for image, manifest in sorted(attestations_in(repository, digest).items()):
            for predicate in read(repository, manifest):
                kind = KINDS.get(predicate.type)
                if kind is None:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    path = Path(folder, "predicate.json")
                    path.write_text(json.dumps(predicate.document), "utf-8")
                    said = ["--type", kind, "--predicate", str(path)]
                    self._cosign(["attest", *said, *options, f"{repository.name}@{image}"])
                signed.append(f"attested {kind} of {repository.name}@{image}")
        return signed

    def _cosign(self, arguments: Sequence[str]) -> None:
        program = shutil.which("cosign", path=self.environ.get("PATH"))
        if program is None:
            raise ShipError(
                "there is no `cosign` on PATH, which signs images: "
                "https://docs.sigstore.dev/cosign/system_config/installation/"
            )
        try:
            result = subprocess.run(
                [program, *arguments],
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ShipError(f"`cosign {arguments[0]}` did not end in {TIMEOUT_S} s") from error
        if result.returncode != 0:
            words = (result.stderr or result.stdout or "it said nothing").strip().splitlines()
            raise ShipError(f"`cosign {arguments[0]}` failed: {words[-1]}")
