"""How many workers there are: one for each GPU, or as many on the CPU as the operator asks for."""

import dataclasses
import logging
import math
import os

from alternator.speech.device import cpu_quota
from alternator.speech.worker.less import CPU
from alternator.speech.worker.protocol import Load

# What stands for all GPUs, beside `auto`.
ALL_GPUS = ("cuda", "rocm")

logger = logging.getLogger(__name__)


def cores() -> int:
    """How many this process may use at once."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = cpu_quota()
    return max(1, min(allowed or 1, math.ceil(quota) if quota is not None else 1 << 20))


def threads_of_each(workers: int, threads: int, cores: int) -> int:
    """For each of so many workers on the CPU, so that together they have no more threads than
    there are cores, or ``threads`` where somebody said how many. 0: the engine's own number."""
    if workers <= 1:
        return threads
    return max(1, (threads or cores) // min(workers, cores))


def places_beside(load: Load, device: str, gpus: int, workers: int) -> list[Load]:
    """What is to be loaded beside the first worker, which found itself on ``device``."""
    if device == CPU:
        most = cores()
        if workers > most:
            logger.warning("[whisper] workers is %d; there are %d, as many as cores", workers, most)
        return [load] * (min(workers or 1, most) - 1)
    if device not in ALL_GPUS or load.device not in ("auto", *ALL_GPUS):
        return []  # one GPU that was asked for, or a device that there is one of
    if workers > gpus:
        logger.warning("[whisper] workers is %d; there are %d, as many as GPUs", workers, gpus)
    kind = "cuda" if load.device == "auto" else load.device
    return [
        dataclasses.replace(load, device=f"{kind}:{index}")
        for index in range(1, min(workers or gpus, gpus))
    ]
