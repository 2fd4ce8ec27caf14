import argparse

from probe.command_help import command_parser, with_examples

DOCUMENTATION = """Do one thing, which takes so many words to say that no line of a terminal
    holds it.

    And another, of which
    the same is true.
    """


def test_the_help_says_what_it_is_and_gives_examples() -> None:
    parser = command_parser("alternator thing", DOCUMENTATION, [("alternator thing 100%", "all")])
    parser.add_argument("part", help="how much")
    assert parser.format_help() == (
        "usage: alternator thing [-h] part\n\n"
        "Do one thing, which takes so many words to say that no line of a terminal\n"
        "holds it.\n\nAnd another, of which the same is true.\n\n"
        "positional arguments:\n  part        how much\n\n"
        "options:\n  -h, --help  show this help message and exit\n\n"
        "examples:\n  alternator thing 100%\n      all\n"
    )


def test_a_parser_without_examples_has_no_such_section() -> None:
    assert "examples" not in command_parser("alternator thing", None).format_help()


def test_a_parser_that_is_there_gets_them() -> None:
    commands = argparse.ArgumentParser(prog="alternator").add_subparsers()
    made = with_examples(commands.add_parser("part"), "A part.", [("alternator part", "go")])
    assert made.format_help().endswith("examples:\n  alternator part\n      go\n")
