"""Whether a sandbox server answers, for a container's health check.

A module of its own, since Podman's API takes a check's words apart at their blanks: a line of
Python after `-c` does not come through.

    python -m sandbox.health 3000
"""

import sys
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

ANSWER_SECONDS = 3.0


def answers(port: int) -> bool:
    """Whether the server on that port of this machine is well; no proxy is asked."""
    address = f"http://127.0.0.1:{port}/sandbox/health"
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(int(sys.argv[1])) else 1)
