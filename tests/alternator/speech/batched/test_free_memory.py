from pathlib import Path

import pytest
import torch

from alternator.speech.batched.free_memory import free_bytes

CPU = torch.device("cpu")


def machine(root: Path, **files: str) -> Path:
    for name, text in (
        {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable: 5000 kB\n"} | files
    ).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V1 = "sys/fs/cgroup/memory"
CASES = {
    "no limit": ({}, 5000 * 1024),
    "version 2, in a container": (
        {
            "sys/fs/cgroup/memory.max": "3000000\n",
            "sys/fs/cgroup/memory.current": "1000000\n",
            "sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 400000\n",
        },
        2_400_000,
    ),
    "version 2, without a limit": (
        {"sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/memory.current": "1000000\n"},
        5000 * 1024,
    ),
    "version 2, the group above limits": (
        {
            "proc/self/cgroup": "0::/system.slice/bot.service\n",
            "sys/fs/cgroup/system.slice/memory.max": "900000\n",
            "sys/fs/cgroup/system.slice/memory.current": "500000\n",
            "sys/fs/cgroup/system.slice/bot.service/memory.max": "800000\n",
            "sys/fs/cgroup/system.slice/bot.service/memory.current": "100000\n",
        },
        400_000,
    ),
    "version 1": (
        {
            "proc/self/cgroup": "4:memory:/bot\n3:cpu,cpuacct:/else\n",
            f"{V1}/bot/memory.limit_in_bytes": "2000000\n",
            f"{V1}/bot/memory.usage_in_bytes": "1500000\n",
            f"{V1}/bot/memory.stat": "total_inactive_file 200000\n",
        },
        700_000,
    ),
    "used up": (
        {"sys/fs/cgroup/memory.max": "1000\n", "sys/fs/cgroup/memory.current": "4000\n"},
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_smallest_limit_counts(tmp_path, case):
    files, expected = CASES[case]
    assert free_bytes(CPU, machine(tmp_path, **files)) == expected


def test_a_machine_that_says_nothing_is_not_taken_for_full(tmp_path):
    assert free_bytes(CPU, tmp_path) is None


def test_this_machine_has_some_left():
    assert 10_000_000 < (free_bytes(CPU) or 0) < 10**14
