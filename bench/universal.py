"""What a later start of the universal image costs beside what every image does at its start.

    .venv/bin/python -m bench.universal VOLUME

VOLUME is the engine's volume in which the image has installed a build (docs/universal.md). Prints
milliseconds, from the import of the provider to the build being on PYTHONPATH, five times.
"""

import argparse
import os
import statistics

from images.catalog import image_tag, load_catalog
from images.engine.container import Container
from images.engine.engine import Engine

RUNS = 5
LONGEST_S = 60
MEASURE = """
import os, time
started = time.perf_counter()
from probe.decide.overrides import Overrides
from probe.facts import Facts, Host
from probe.tables.builds import load_table
from probe.universal.provide import Provider
facts = Facts(host=Host(arch=os.uname().machine, os="linux", container=True), gpus=())
Provider(load_table(), Overrides(), os.environ, print).provide(facts)
print((time.perf_counter() - started) * 1000)
"""


def main() -> None:
    """Start a container per run and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("volume")
    volume = parser.parse_args().volume
    image = image_tag(load_catalog().universal)
    with Engine(os.environ) as engine:
        times = [measure(engine, image, volume) for _ in range(RUNS)]
    print(f"{image}: {', '.join(f'{ms:.0f}' for ms in times)} ms; ", end="")
    print(f"median {statistics.median(times):.0f} ms")


def measure(engine: Engine, image: str, volume: str) -> float:
    """What one start takes, in milliseconds."""
    mounts = {volume: {"bind": "/var/lib/alternator/builds", "mode": "ro"}}
    with Container(
        engine,
        image,
        ["python", "-c", MEASURE],
        entrypoint=[],
        volumes=mounts,
        network_mode="none",
    ) as container:
        ended = container.until_it_ends(LONGEST_S)
    if ended.status != 0:
        raise SystemExit(ended.messages)
    return float(ended.output.splitlines()[-1])


if __name__ == "__main__":
    main()
