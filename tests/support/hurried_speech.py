"""The process that transcribes (``alternator/speech/worker/main.py``), with shorter waits."""

import runpy
import sys

from alternator.speech.engines.openai_api import asking


def main(pace: float) -> None:
    """Become it, its waits divided by ``pace``."""
    asking.FIRST_WAIT_SECONDS /= pace
    runpy.run_module("alternator.speech.worker.main", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(float(sys.argv[1]))
