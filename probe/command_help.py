"""The parser of a sub-command, with examples at the end of its help.

The same for all commands, whichever package they are of: what the help shows is what the man page
and the shells' completion are made from (``tools/manual.py``, ``alternator/completion.py``).
"""

import argparse
import textwrap
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
    paragraphs = textwrap.dedent(f"    {documentation or ''}").strip().split("\n\n")
    parser.description = "\n\n".join(
        textwrap.fill(" ".join(text.split()), WIDTH) for text in paragraphs
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    lines = [f"  {command}\n      {says}" for command, says in examples]
    parser.epilog = "\n".join([EXAMPLES, *lines]) if lines else None
    return parser
