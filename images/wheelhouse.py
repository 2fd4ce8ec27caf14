"""The wheelhouse: every Python package of an image, fetched by this machine's own pip.

The host's pip knows the site's index, find-links, certificates and proxies; a build knows none of
them. So the packages are fetched here and the build installs from the folder alone.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from images import torch_wheel
from images.catalog import CHECKOUT, Catalog, Variant
from images.console import StatusLine
from images.errors import WheelhouseError
from images.render import requirements
from images.scripts.assert_variant import mismatch
from probe.builds import line_of, load_table

POOL = CHECKOUT / ".cache" / "wheels"
COMPLETE = "complete.json"
FETCH_TIMEOUT_S = 3 * 3600  # the CUDA build is 3 GB; a slow line is no error
INDEX_TIMEOUT_S = 15


def fill_variant(catalog: Catalog, variant: Variant, *, pool_root: Path = POOL) -> Path:
    """Fetch what ``variant`` needs and link it to ``images/wheelhouse/<variant>``; returns that.

    Raises WheelhouseError where the torch build can't be had, with the ways to supply it.
    """
    wanted = {
        "torch": {f"torch {variant.wheel}": variant.torch},
        "packages": catalog.packages,
        "without_dependencies": catalog.packages_without_dependencies,
        "build": catalog.build_packages,
    }
    pool = pool_root / variant.build
    with StatusLine() as status:
        if not _is_complete(pool, wanted):
            _start_over(pool)
            torch = fetch_torch(variant, pool, status)
            status.update(f"fetching the packages of {variant.name}")
            lists = [*_pins(catalog.packages), *_pins(catalog.build_packages)]
            _pip(["wheel", "--find-links", str(pool), str(torch), *lists], pool, status)
            bare = _pins(catalog.packages_without_dependencies)
            _pip(["wheel", "--no-deps", *bare], pool, status)
            _finish(pool, wanted)
            status.done(f"{_summary(pool)} for {variant.build}")
    return _link(pool, CHECKOUT / "images" / "wheelhouse" / variant.name)


def fill_sandbox(catalog: Catalog) -> Path:
    """Fetch what the sandbox image needs; returns the folder the build mounts."""
    wanted = {"packages": catalog.sandbox_packages}
    pool = POOL / "sandbox"
    with StatusLine() as status:
        if not _is_complete(pool, wanted):
            _start_over(pool)
            status.update("fetching the packages of the sandbox server")
            _pip(["wheel", *_pins(catalog.sandbox_packages)], pool, status)
            _finish(pool, wanted)
            status.done(f"{_summary(pool)} for the sandbox server")
    return _link(pool, CHECKOUT / "images" / "wheelhouse" / "sandbox")


def fetch_torch(variant: Variant, pool: Path, status: StatusLine) -> Path:
    """Fetch the variant's torch wheel into ``pool`` and make sure it is that build.

    The PyTorch index of the build comes first. Where it can't be reached, the default index serves
    if it carries this very build.
    """
    build = load_table().find(line_of(variant.torch), variant.wheel)
    if build is None:
        raise WheelhouseError(f"torch {variant.torch} has no build {variant.wheel}")
    tagged = f"torch=={variant.torch}+{variant.wheel}"
    attempts = [(["--index-url", build.index_url, tagged], "the PyTorch index")]
    if build.default:
        # '===' takes the untagged version alone: '==' would also take another build's tag that a
        # find-links folder offers.
        attempts.append(([f"torch==={variant.torch}"], "the default index"))
    reasons = []
    for arguments, source in attempts:
        status.update(f"fetching torch {variant.torch}+{variant.wheel} from {source}")
        try:
            _pip(["download", "--no-deps", *arguments], pool, status, index_timeout=True)
        except WheelhouseError as error:
            reasons.append(f"{source}: {error}")
            continue
        wheel = next(pool.glob("torch-*.whl"))
        _assert_build(variant, wheel)
        return wheel
    raise WheelhouseError(
        f"the torch build {variant.torch}+{variant.wheel} can't be had.\n  "
        + "\n  ".join(reasons)
        + f"\nPut its wheel for Python 3.11 into a folder and name that to pip: "
        f"PIP_FIND_LINKS=/that/folder make images VARIANT={variant.name}"
    )


def _assert_build(variant: Variant, wheel: Path) -> None:
    found = torch_wheel.read(wheel)
    problem = mismatch(
        variant.name,
        variant.torch,
        variant.wheel,
        {"torch": found.version.partition("+")[0], "cuda": found.cuda, "hip": found.hip},
    )
    if problem:
        wheel.unlink()
        raise WheelhouseError(f"{wheel.name} is another build than its name says: {problem}")


def _pip(
    arguments: Sequence[str], pool: Path, status: StatusLine, *, index_timeout: bool = False
) -> None:
    """Run this interpreter's pip into ``pool``, redrawing the status line while it works."""
    action, *rest = arguments
    folder = ["--wheel-dir", str(pool)] if action == "wheel" else ["--dest", str(pool)]
    bounds = ["--timeout", str(INDEX_TIMEOUT_S), "--retries", "1"] if index_timeout else []
    command = [sys.executable, "-m", "pip", action, "--quiet", *folder, *bounds, *rest]
    log = pool / "pip.log"
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    deadline = time.monotonic() + FETCH_TIMEOUT_S
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment)
        try:
            while process.poll() is None:
                if time.monotonic() > deadline:
                    raise WheelhouseError(f"pip did not end within {FETCH_TIMEOUT_S // 3600} h")
                status.update(status.text)
                time.sleep(0.2)
        finally:
            if process.poll() is None:
                process.kill()
    if process.returncode != 0:
        lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines[-3:]
        raise WheelhouseError("pip could not fetch it: " + " ".join(errors[-2:]))


def _pins(packages: Mapping[str, str]) -> list[str]:
    return [line for line in requirements(packages).splitlines() if "==" in line]


def _key(wanted: Mapping[str, Mapping[str, str]]) -> str:
    text = json.dumps([sys.version_info[:2], os.uname().machine, wanted], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _is_complete(pool: Path, wanted: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether an earlier run fetched exactly this and every file is still there at its size."""
    try:
        record = json.loads((pool / COMPLETE).read_text("utf-8"))
        files = {name: (pool / name).stat().st_size for name in record["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(record["key"] == _key(wanted) and files == record["files"])


def _finish(pool: Path, wanted: Mapping[str, Mapping[str, str]]) -> None:
    files = {wheel.name: wheel.stat().st_size for wheel in sorted(pool.glob("*.whl"))}
    record = {"key": _key(wanted), "files": files}
    (pool / COMPLETE).write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def _start_over(pool: Path) -> None:
    """Empty the pool: a wheel left from another version would be installed in its place."""
    shutil.rmtree(pool, ignore_errors=True)
    pool.mkdir(parents=True)


def _link(pool: Path, folder: Path) -> Path:
    """Make ``folder`` hold hard links to exactly the wheels of ``pool``."""
    folder.mkdir(parents=True, exist_ok=True)
    wheels = {wheel.name: wheel for wheel in pool.glob("*.whl")}
    for stale in folder.glob("*.whl"):
        if stale.name not in wheels or not stale.samefile(wheels[stale.name]):
            stale.unlink()
    for name, wheel in wheels.items():
        if not (folder / name).exists():
            os.link(wheel, folder / name)
    return folder


def _summary(pool: Path) -> str:
    wheels = list(pool.glob("*.whl"))
    size_mb = sum(wheel.stat().st_size for wheel in wheels) / 1e6
    return f"{len(wheels)} packages, {size_mb:.0f} MB,"
