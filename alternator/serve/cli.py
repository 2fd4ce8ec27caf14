"""``alternator serve``: many clients, one worker, by an API that they speak already."""

from alternator.serve.options import parse


def main(argv: list[str]) -> int:
    """Answer OpenAI's audio API over HTTP, for many clients at once, with a page to try it."""
    options = parse(argv)
    # Only now: help, and a mistake in an option, need none of the server's packages.
    from alternator.serve.run import run

    return run(options)
