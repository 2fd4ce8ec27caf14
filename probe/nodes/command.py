"""``alternator node-labels``: what a machine has, as the labels of its Kubernetes node."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from probe.command_help import command_parser
from probe.detect.collect import facts_from
from probe.detect.run_probes import start_probes
from probe.errors import OverrideError
from probe.machine.this_machine import Machine
from probe.nodes.api import ApiAwayError, Cluster, cluster_of
from probe.nodes.labels import labels_of
from probe.recordings.recording_file import read_recording
from probe.recordings.replay import ReplayMachine
from probe.tables.builds import load_table

NODE = "NODE_NAME"
LEAST_S = 10.0  # between two looks
EXAMPLES = (
    ("alternator node-labels", "what this machine's node would be called"),
    ("alternator node-labels --apply --every 600", "in a pod: keep the node's labels right"),
)


def main(argv: list[str]) -> int:
    """Print this machine's hardware as labels of its Kubernetes node, or put them there.

    The labels name what a pod gets that asks for the node's GPU: vendor, number, the build of torch
    that runs on it. The pod that labels needs no GPU and no rights on the node.
    """
    parser = command_parser("alternator node-labels", main.__doc__, EXAMPLES)
    parser.add_argument(
        "--apply", action="store_true", help="patch the node, by the pod's service account"
    )
    parser.add_argument("--node", metavar="NAME", help=f"whose labels (default: ${NODE})")
    parser.add_argument(
        "--every", metavar="SECONDS", help="look again and again, until it is stopped"
    )
    parser.add_argument("--replay", metavar="FILE", help="the machine of a recording, not this one")
    arguments = parser.parse_args(argv)
    pause = None if arguments.every is None else seconds(arguments.every)
    replayed = None if arguments.replay is None else Path(arguments.replay)
    if not arguments.apply:
        if pause is not None:
            raise OverrideError("--every needs --apply: labels that are printed stay as they are")
        for name, value in labels_here(replayed).items():
            print(f"{name}={value}")
        return 0
    cluster = cluster_of(os.environ)
    node = arguments.node or os.environ.get(NODE)
    if not node:
        raise OverrideError(
            f"--apply needs the node's name: --node, or {NODE} from the pod's field spec.nodeName"
        )
    keep(cluster, node, lambda: labels_here(replayed), pause)
    return 0


def keep(
    cluster: Cluster,
    node: str,
    look: Callable[[], dict[str, str]],
    pause: float | None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Label the node once, or for ever with ``pause`` seconds between two looks.

    Raises ``ProbeError`` where it is refused; of an API server that is away it is told, and it is
    asked again after the pause.
    """
    while True:
        try:
            labels = look()
            changed = cluster.label(node, labels)
        except ApiAwayError as error:
            if pause is None:
                raise
            say(f"{error}; asked again in {pause:g} s")
        else:
            if changed or pause is None:
                told = ", ".join(f"{name}={value}" for name, value in labels.items())
                say(f"node {node} has {told}")
        if pause is None:
            return
        sleep(pause)


def labels_here(replayed: Path | None) -> dict[str, str]:
    """The labels of this machine, or of a recorded one."""
    machine = Machine() if replayed is None else ReplayMachine(read_recording(replayed))
    return labels_of(facts_from(start_probes(machine)), load_table())


def seconds(text: str) -> float:
    """A pause; OverrideError for what is none."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not LEAST_S <= number < float("inf"):
        raise OverrideError(f"--every {text}: name seconds, {LEAST_S:g} at least")
    return number


def say(line: str) -> None:
    """A line of what was done, for the pod's log."""
    print(f"alternator: {line}", file=sys.stderr, flush=True)
