"""The parser of a sub-command, with examples at the end of its help.

The same for all commands, whichever package they are of: what the help shows is what the man page
and the shells' completion are made from (``tools/command_docs.py``).
"""

import argparse
from collections.abc import Sequence

WIDTH = 78
EXAMPLES = "examples:"

# A command as it is typed, and what it does.
Example = tuple[str, str]


def command_parser(
    name: str, documentation: str | None, examples: Sequence[Example] = ()
) -> argparse.ArgumentParser:
    """A parser that is documented: ``name`` as it is typed, a docstring, examples."""
    return with_examples(argparse.ArgumentParser(prog=name), documentation, examples)


def with_examples(
    parser: argparse.ArgumentParser, documentation: str | None, examples: Sequence[Example]
) -> argparse.ArgumentParser:
    """The same of a parser that is there already, such as one of ``add_subparsers``."""
    import textwrap  # the probe's start does without it

    paragraphs = textwrap.dedent(f"    {documentation or ''}").strip().split("\n\n")
    parser.description = "\n\n".join(
        textwrap.fill(" ".join(text.split()), WIDTH) for text in paragraphs
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = epilog_of(examples)
    return parser


def epilog_of(examples: Sequence[Example]) -> str | None:
    """What stands at the end of a help text."""
    lines = [f"  {command}\n      {says}" for command, says in examples]
    return "\n".join([EXAMPLES, *lines]) if lines else None
