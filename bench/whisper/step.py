"""The decoder's step against the memory limit.

    .venv/bin/python -m bench.whisper.step CHECKPOINT [--device cuda] [--batches 1,8,32,64]

A step reads every weight of the decoder once and the keys and values of every window. That many
bytes over the memory's bandwidth, itself measured by a large copy, is the least time that a step
can take; printed, a line of JSON for each batch, is the share of the limit that is reached. On a
GPU the step is replayed as a CUDA graph, as the engine does it.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from alternator.config.models import ComputeType
from alternator.models.checkpoint import read_checkpoint
from alternator.speech.batched.network import Network
from alternator.speech.batched.silence import Sound

START = (50258, 50259, 50360)  # any three tokens
STEPS = 50
COPY_BYTES = 2**28


@dataclass(frozen=True, kw_only=True)
class Step:
    """One batch: seconds of a step, bytes that it must read, bytes a second of the memory."""

    batch: int
    seconds: float
    bytes: int
    bandwidth: float

    @property
    def share(self) -> float:
        """Of the memory limit, 1 for a step that does nothing but read."""
        return self.bytes / self.bandwidth / self.seconds


def main() -> None:
    """Measure batch after batch."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", default="float16")
    parser.add_argument("--batches", default="1,8,32,64")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = load(arguments.checkpoint, arguments.device, arguments.precision)
    speed = bandwidth(arguments.device)
    for batch in map(int, arguments.batches.split(",")):
        step = measure(network, batch, speed)
        print(json.dumps(asdict(step) | {"share": step.share}), flush=True)


def load(file: Path, device: str, precision: ComputeType) -> Network:
    """The network of a checkpoint."""
    return Network.load(read_checkpoint(file), device=device, compute_type=precision)


@torch.inference_mode()
def measure(network: Network, batch: int, speed: float) -> Step:
    """The time of a step of so many windows, fifty tokens and more into each."""
    dims = network.dimensions
    lane = network.lane(batch)
    mel = torch.zeros(1, dims.n_mels, 3000)
    sound = Sound(states=network.encode(mel)[0])
    lane.admit(range(batch), [sound] * batch, [START] * batch)
    tokens = torch.full((batch, 1), 1000, device=network.device)
    for _ in range(STEPS):
        lane.step(tokens)
    seconds = timed(lambda: lane.step(tokens), network.device)
    return Step(batch=batch, seconds=seconds, bytes=read_bytes(network, batch), bandwidth=speed)


def read_bytes(network: Network, batch: int) -> int:
    """What a step must read: the decoder's weights, and each window's keys and values."""
    dims = network.dimensions
    state, layers = dims.n_text_state, dims.n_text_layer
    # Of a layer: four products of each attention but the cross keys' and values', and the MLP.
    weights = layers * (4 + 2 + 8) * state * state + dims.n_vocab * state
    remembered = 2 * layers * batch * (dims.n_audio_ctx + STEPS + len(START)) * state
    size = network.dtype.itemsize
    return int(weights * (1 if network.int8 else size) + remembered * size)


def bandwidth(device: str) -> float:
    """Bytes a second that a large copy reads and writes."""
    source = torch.zeros(COPY_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * COPY_BYTES / timed(lambda: target.copy_(source), source.device)


def timed(work: Callable[[], Tensor], device: torch.device) -> float:
    """Seconds of one call, the mean of fifty; on a GPU all of them are one graph's replays."""
    if device.type != "cuda":
        work()
        started = time.perf_counter()
        for _ in range(STEPS):
            work()
        return (time.perf_counter() - started) / STEPS
    # https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs: warm up on a side stream.
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    with torch.cuda.stream(stream):
        for _ in range(3):
            work()
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    begin.record()
    for _ in range(STEPS):
        graph.replay()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1000 / STEPS


if __name__ == "__main__":
    main()
