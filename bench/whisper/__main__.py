"""Measures Whisper beside its peers, in one run on one machine.

    .venv/bin/python -m bench.whisper [--only speed,words] [--device cpu|cuda] [--threads 2]
                                      [--json FILE] [--rounds 2] [--lines 50] [--quick]

=========  =====================================================================================
section    what it measures
=========  =====================================================================================
speed      120 s of speech, two threads, float32 and int8, beside faster-whisper, openai-whisper,
           whisper.cpp and transformers; peak memory
clips      one clip of 10 s, model resident; twenty clips at once
start      from nothing to a loaded model
words      word errors on human speech, OpenAI's base weights, greedy and with beams, int8
invented   words in silence, noise and music; words lost under music and after silence
gpu        with --device cuda: turbo and large-v3 in half precision, from a wav file to text
=========  =====================================================================================

The peers are installed into an environment of their own (peers.txt), speech and weights come from
Debian's and Python's package indexes; what can't be had is left out, and said. Everything is kept
in ``~/.cache/alternator-real`` (``$ALTERNATOR_REAL``). ``python -m bench.whisper.report`` writes
docs/benchmarks.md from the JSON files in bench/whisper/results.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.whisper import clips, gpu, invented, speed, start, words
from bench.whisper.figures import Figure, Setup, Target, load_targets, machine, save

SECTIONS: dict[str, Callable[[Setup], Iterator[Figure]]] = {
    "start": start.run,
    "clips": clips.run,
    "speed": speed.run,
    "invented": invented.run,
    "words": words.run,
    "gpu": gpu.run,
}


def main() -> int:
    """Run the sections; 0 whatever the figures are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", metavar="SECTIONS", help="of those above, by commas")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=2, help="on the CPU")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go as well")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each engine")
    parser.add_argument("--lines", type=int, default=50, help="of each language, for words")
    parser.add_argument("--quick", action="store_true", help="a tiny network: does it run at all")
    parser.add_argument("--audio", type=Path, help="speech, if no package with any can be had")
    arguments = parser.parse_args()
    usual = ["gpu"] if arguments.device == "cuda" else [name for name in SECTIONS if name != "gpu"]
    wanted = arguments.only.split(",") if arguments.only else usual
    for name in wanted:
        if name not in SECTIONS:
            parser.error(f"no section {name!r}; there are {', '.join(SECTIONS)}")
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(
            folder=Path(folder),
            device=arguments.device,
            threads=arguments.threads,
            rounds=arguments.rounds,
            lines=arguments.lines,
            quick=arguments.quick,
            audio=arguments.audio,
        )
        for key, value in machine(setup).items():
            print(f"{key}: {value}")
        figures: list[Figure] = []
        with contextlib.suppress(KeyboardInterrupt):  # what was measured so far is kept
            for name in wanted:
                figures += _section(setup, name, SECTIONS[name])
                if arguments.json:
                    save(arguments.json, setup, figures)
    _print(figures)
    return 0


def _section(setup: Setup, name: str, run: Callable[[Setup], Iterator[Figure]]) -> list[Figure]:
    started = time.monotonic()
    print(f"{name}:", flush=True)
    figures = list(run(setup))
    print(f"  took {time.monotonic() - started:.0f} s", flush=True)
    return figures


def _print(figures: list[Figure]) -> None:
    targets = {target.name: target for target in load_targets()}
    for figure in figures:
        print(line_of(figure, targets.get(figure.name)))


def line_of(figure: Figure, target: Target | None) -> str:
    """A figure beside what is wanted of it, as a line of text."""
    value = "open" if figure.value is None else f"{figure.value:.2f}"
    wanted = ""
    if target:
        side = "at least" if target.least is not None else "at most"
        wanted = f"{side} {target.bound:g} {target.unit}: {target.state(figure.value)}"
    why = f"  ({figure.why})" if figure.why else ""
    return f"{figure.name:<34}{value:>10}  {wanted}{why}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
