"""What is said beforehand against what a process really grows by."""

import json
import subprocess
import sys
from dataclasses import asdict

import pytest
import torch
from kernel_ways import needs_kernels, without_kernels
from random_whisper import dimensions_of, random_whisper

from alternator.errors import OutOfMemoryError
from alternator.speech.batched import memory
from alternator.speech.batched.memory import OVERHEAD, Batch, Plan, check_fits, largest_batch
from alternator.speech.batched.precision import Precision

CPU = torch.device("cpu")
TINY = dimensions_of(state=384, heads=6, layers=4)
BASE = dimensions_of(state=512, heads=8, layers=6)
LARGE = dimensions_of(state=1280, heads=20, layers=32, n_mels=128, n_vocab=51866)

# Loads a checkpoint of half precision from a file, decodes a few steps, and says what it grew by.
CHILD = """
import json, sys, torch
from pathlib import Path
from alternator.models.checkpoint import read_checkpoint
from alternator.speech.batched.network import Network
from alternator.speech.batched.silence import Sound
def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    # Anonymous memory: pages of the mapped file can be given up at any time.
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))
torch.set_num_threads(1)
file, compute_type, windows, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.nn.functional.scaled_dot_product_attention(*torch.zeros(3, 1, 1, 8, 64))
begin = resident()
network = Network.load(read_checkpoint(Path(file)), device="cpu", compute_type=compute_type)
loaded = resident()
lane = network.lane(windows, rows, attention=True)
audio = network.encode(torch.zeros(windows, 80, 3000))
sounds = [Sound(states=states) for states in audio]
lane.admit(range(windows), sounds, [[50258, 50259]] * windows)
# To the end of the context: memory is taken as it is written to.
for _ in range(445):
    lane.step(torch.ones(windows, rows, dtype=torch.int64))
print(json.dumps([loaded - begin, resident() - loaded]))
"""


@pytest.fixture(scope="module")
def tiny_file(tmp_path_factory):
    _, checkpoint = random_whisper(TINY)
    weights = {name: weight.half() for name, weight in checkpoint.weights.items()}
    path = tmp_path_factory.mktemp("model") / "tiny.pt"
    torch.save({"dims": asdict(TINY), "model_state_dict": weights}, path)
    return path


@pytest.mark.parametrize("compute_type", ["float32", "int8"])
def test_a_process_grows_by_what_was_computed(tiny_file, compute_type):
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(tiny_file), compute_type, "4", "5"],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    weights, lane = json.loads(ran.stdout)
    plan = Plan(
        dimensions=TINY,
        precision=Precision(dtype=torch.float32, int8=compute_type == "int8"),
        device=CPU,
        heads=12,
    )
    batch = Batch(windows=4, rows=5, attention=True)
    assert 0.7 * plan.weights < weights < plan.weights + OVERHEAD
    assert 0.5 * plan.lane(batch) < lane < plan.lane(batch) + plan.work(batch) + OVERHEAD


def test_int8_takes_half_of_the_weights():
    float32 = Plan(dimensions=BASE, precision=Precision(dtype=torch.float32), device=CPU)
    int8 = Plan(dimensions=BASE, precision=Precision(dtype=torch.float32, int8=True), device=CPU)
    assert 0.45 < int8.weights / float32.weights < 0.6


@needs_kernels
def test_in_int8_our_kernels_take_a_quarter_for_the_sound():
    plan = Plan(dimensions=BASE, precision=Precision(dtype=torch.float32, int8=True), device=CPU)
    one = Batch(windows=1)
    with without_kernels():
        plain = plan.lane(one)
    assert plain - plan.lane(one) == 6 * 2 * 1500 * 512 * 3


def test_the_largest_batch_is_the_last_that_fits():
    plan = Plan(dimensions=BASE, precision=Precision(dtype=torch.float32), device=CPU)
    for windows in (1, 5, 12):
        exactly = plan.needs(Batch(windows=windows, rows=5))
        assert largest_batch(plan, Batch(windows=16, rows=5), exactly) == windows
        assert largest_batch(plan, Batch(windows=16, rows=5), exactly - 1) == windows - 1


def test_a_model_that_does_not_fit_says_which_would(monkeypatch):
    plan = Plan(dimensions=LARGE, precision=Precision(dtype=torch.float16), device=CPU)
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1_000_000_000)
    with pytest.raises(OutOfMemoryError) as told:
        check_fits("large-v3", plan, Batch(windows=8))
    assert "large-v3 needs 3." in str(told.value)
    assert "this machine has 1.0 GB free; it would bear tiny, base, small" in str(told.value)
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1000)
    with pytest.raises(OutOfMemoryError, match="no model of Whisper fits"):
        check_fits("large-v3", plan, Batch(windows=8))


def test_the_batch_is_cut_to_what_fits(monkeypatch):
    plan = Plan(dimensions=BASE, precision=Precision(dtype=torch.float32), device=CPU)
    free = plan.needs(Batch(windows=3))
    monkeypatch.setattr(memory, "free_bytes", lambda device: free)
    assert check_fits("base", plan, Batch(windows=8)) == 3
    monkeypatch.setattr(memory, "free_bytes", lambda device: None)
    assert check_fits("base", plan, Batch(windows=8)) == 8
