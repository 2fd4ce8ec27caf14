"""``alternator completion``: the script by which a shell completes this command's words.

The scripts lie in ``alternator/completions/``, made by ``tools/command_docs.py`` when the commands
change, so nothing has to be installed for them.
"""

from pathlib import Path

from probe.command_help import command_parser

SCRIPTS = Path(__file__).with_name("completions")
SHELLS = ("bash", "zsh", "fish")
EXAMPLES = (
    (
        "alternator completion bash > ~/.local/share/bash-completion/completions/alternator",
        "for new shells of this user",
    ),
    ("alternator completion zsh > ~/.zfunc/_alternator", "where ~/.zfunc is in $fpath"),
    ("alternator completion fish > ~/.config/fish/completions/alternator.fish", "for fish"),
    ("source <(alternator completion bash)", "for this shell alone"),
)


def main(argv: list[str]) -> int:
    """Print what a shell needs to complete this command's words."""
    parser = command_parser("alternator completion", main.__doc__, EXAMPLES)
    parser.add_argument("shell", choices=SHELLS, help="the shell")
    shell = parser.parse_args(argv).shell
    print((SCRIPTS / f"alternator.{shell}").read_text(encoding="utf-8"), end="")
    return 0
