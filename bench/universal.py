"""What a later start of the universal image costs beside what every image does at its start.

    .venv/bin/python -m bench.universal VOLUME

VOLUME is the engine's volume in which the image has installed a build (docs/universal.md). Prints
milliseconds, from the import of the provider to the build being provided, five times.
"""

import argparse
import statistics

from images.build.render import project_version
from images.engine.engine import connect

RUNS = 5
MEASURE = """
import os, time
started = time.perf_counter()
from probe.tables.builds import load_table
from probe.facts import Facts, Host
from probe.decide.overrides import Overrides
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
    image = f"alternator:{project_version()}-universal"
    mounts = {volume: {"bind": "/var/lib/alternator/builds", "mode": "ro"}}
    times = []
    for _ in range(RUNS):
        output = connect().containers.run(
            image,
            ["python", "-c", MEASURE],
            entrypoint=[],
            volumes=mounts,
            network_mode="none",
            remove=True,
        )
        times.append(float(output.decode().splitlines()[-1]))
    print(f"{image}: {', '.join(f'{ms:.0f}' for ms in times)} ms; ", end="")
    print(f"median {statistics.median(times):.0f} ms")


if __name__ == "__main__":
    main()
