"""``alternator transcribe``: what the bot does to attachments, done to local files."""

from alternator.transcribe.options import parse


def main(argv: list[str]) -> int:
    """Write down the speech in audio and video files (openai-whisper's options)."""
    arguments = parse(argv)
    if arguments.live:
        from alternator.transcribe import live

        return live.run(arguments)
    # Only now: help, and a mistake in an option, need none of what decoding files needs (numpy).
    from alternator.transcribe.run import run

    return run(arguments)
