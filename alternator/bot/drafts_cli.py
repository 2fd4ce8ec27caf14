"""``alternator drafts``: what waits for a word, and the word, whether a bot is running or not.

Everything goes through the state: a running bot takes an approved draft up within a second, another
one at its next start. A draft's number is its own in a whole state file, whosever post it is of.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from alternator.clock import SYSTEM_CLOCK
from alternator.config.database import DatabaseSettings
from alternator.config.load import load_section
from alternator.config.settings import StateSettings
from alternator.store.drafts import DraftError, Drafts, DraftState, KeptDraft, place_of
from alternator.store.interface import Store
from alternator.store.opening import opened_beside
from alternator.terminal import say
from probe.command_help import command_parser

EXAMPLES = (
    ("alternator drafts list", "what waits for a word"),
    ("alternator drafts show 3", "one draft with its texts"),
    (
        'alternator drafts approve 3 --text 1="A red boat at sea"',
        "with other words for the first attachment",
    ),
    ("alternator drafts refuse 3", "the post is left alone"),
)
ALL_STATES: tuple[DraftState, ...] = ("waiting", "approved", "applied", "refused", "dropped")
WIDTH = 72  # characters of a text in a list


def main(argv: list[str]) -> int:
    """List, show, approve or refuse texts that wait for a word."""
    arguments = parser_of().parse_args(argv)
    directory = load_section(StateSettings, arguments.config).directory
    database = load_section(DatabaseSettings, arguments.config)
    with opened_beside(directory, clock=SYSTEM_CLOCK.now, database=database) as store:
        match arguments.what:
            case "list":
                states = ALL_STATES if arguments.all else ("waiting",)
                listed(store, states, as_json=arguments.json)
            case "show":
                shown(store, arguments.number, as_json=arguments.json)
            case "approve":
                drafts, draft = found(store, arguments.number)
                texts = texts_of(draft, arguments.text)
                approved = drafts.approve(draft.number, texts)
                count = len(approved.texts)
                say(f"draft {draft.number} is approved: {count} texts for {where(draft)}")
            case _:
                drafts, draft = found(store, arguments.number)
                drafts.refuse(draft.number, arguments.reason)
                say(f"draft {draft.number} is refused; {where(draft)} is left alone")
    return 0


def parser_of() -> argparse.ArgumentParser:
    """The command's options."""
    parser = command_parser("alternator drafts", main.__doc__, EXAMPLES)
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="the bot's (default: alternator.toml)"
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    one = commands.add_parser("list", help="what waits for a word")
    one.add_argument("--all", action="store_true", help="those that were decided about, too")
    one.add_argument("--json", action="store_true", help="as JSON")
    one = commands.add_parser("show", help="one draft with its texts")
    one.add_argument("number", type=int)
    one.add_argument("--json", action="store_true", help="as JSON")
    one = commands.add_parser("approve", help="have a draft written into its post")
    one.add_argument("number", type=int)
    one.add_argument(
        "--text",
        action="append",
        default=[],
        metavar="PLACE=TEXT",
        help="other words for the attachment in this place of the post; may be given again",
    )
    one = commands.add_parser("refuse", help="leave its post alone")
    one.add_argument("number", type=int)
    one.add_argument("--reason", default="", metavar="TEXT", help="is kept with it")
    return parser


def found(store: Store, number: int) -> tuple[Drafts, KeptDraft]:
    """A draft and those among which it is. DraftError if there is none of that number."""
    for state in store.all_accounts().values():
        for draft in state.drafts.listed(ALL_STATES):
            if draft.number == number:
                return state.drafts, draft
    raise DraftError(f"there is no draft {number}; `alternator drafts list` shows those that wait")


def listed(store: Store, states: Iterable[DraftState], *, as_json: bool) -> None:
    """Print the drafts in these states, oldest first."""
    wanted = tuple(states)
    drafts = [
        draft for state in store.all_accounts().values() for draft in state.drafts.listed(wanted)
    ]
    if as_json:
        print(json.dumps([fields_of(draft) for draft in drafts], indent=1))
        return
    if not drafts:
        say("no draft waits for a word")
    for draft in drafts:
        say(f"{draft.number:>4}  {draft.state:<8}  {draft.kind:<7}  {where(draft)}")
        for place, text in draft.words.items():
            line = " ".join(text.split())
            say(f"      {place}: {line[:WIDTH]}{'…' if len(line) > WIDTH else ''}")


def shown(store: Store, number: int, *, as_json: bool) -> None:
    """Print one draft."""
    _, draft = found(store, number)
    if as_json:
        print(json.dumps(fields_of(draft), indent=1))
        return
    say(f"draft {draft.number}, {draft.kind}, {draft.state}, for {where(draft)}")
    for line in filter(None, (draft.note, draft.reason)):
        say(line)
    for place, text in draft.words.items():
        say(f"\n{place}:\n{text}")


def texts_of(draft: KeptDraft, given: Iterable[str]) -> dict[str, str]:
    """The texts of ``--text``, by attachment. DraftError for what is none."""
    texts = {}
    for entry in given:
        place, equals, text = entry.partition("=")
        if not equals or not place.strip().isdecimal():
            raise DraftError(f'--text {entry!r} is not PLACE=TEXT, as in 1="A red boat"')
        texts[place_of(draft, int(place))] = text
    return texts


def where(draft: KeptDraft) -> str:
    """A draft's post, for people."""
    return draft.url or f"post {draft.status_id}"


def fields_of(draft: KeptDraft) -> Mapping[str, object]:
    """A draft as JSON has it."""
    return {
        "number": draft.number,
        "state": draft.state,
        "kind": draft.kind,
        "status_id": draft.status_id,
        "url": draft.url,
        "texts": {str(place): text for place, text in draft.words.items()},
        "note": draft.note,
        "reason": draft.reason,
        "made": draft.made,
        "changed": draft.changed,
    }
