"""``alternator members``: the accounts that their owners connected, for the operator."""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping

from alternator.config.load import ClusterConfig
from alternator.errors import ConfigError, KeyMismatchError
from alternator.members.choices import choices_of
from alternator.members.cipher import Cipher, new_key
from alternator.members.credentials import credentials_of, name_of, sealed
from alternator.members.entry import hold, is_held
from alternator.members.leaving import BY_HAND, export_of, leave
from alternator.members.states import States
from alternator.roles.opening import add_arguments, begun, shared_store
from alternator.stopping import Stop
from alternator.store.cluster import Cluster, Enrolled
from alternator.store.interface import Store
from alternator.terminal import say
from probe.command_help import command_parser
from probe.exit_codes import ExitCode

EXAMPLES = (
    ("alternator members key", "make a key for [signup] key"),
    ("alternator members list", "who is connected"),
    ("alternator members pause ann@social.example", "until `resume`, whatever the member says"),
    ("alternator members export ann@social.example > ann.json", "all that is kept of her account"),
    ("alternator members remove ann@social.example", "revoke the token, delete all that is kept"),
    ("alternator members rotate", "encrypt all tokens with the first key of [signup] key"),
)
# By what each is told of a member: in one word, for people.
ONE = {
    "show": "how a member's account is, and what was chosen",
    "pause": "begin nothing more for a member's account",
    "resume": "let it go on",
    "remove": "revoke a member's token, and delete all that is kept",
    "export": "print all that is kept of a member as JSON",
}


def main(argv: list[str]) -> int:
    """List, look after and remove the accounts that members connected."""
    arguments = parser_of().parse_args(argv)
    if arguments.what == "key":
        print(new_key())
        return 0
    config, stop = begun(arguments), Stop()
    with shared_store(config.base, "web", stop) as (store, cluster):
        return Members(config, store, cluster).do(arguments)


def parser_of() -> argparse.ArgumentParser:
    """The command's options."""
    parser = command_parser("alternator members", main.__doc__, EXAMPLES)
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    commands.add_parser("key", help="make a key for [signup] key, and print it")
    listing = commands.add_parser("list", help="who is connected")
    listing.add_argument("--json", action="store_true", help="as JSON")
    add_arguments(listing)
    for name, text in ONE.items():
        one = commands.add_parser(name, help=text)
        one.add_argument("member", metavar="MEMBER", help="as `list` has it: name@server, or a key")
        if name == "show":
            one.add_argument("--json", action="store_true", help="as JSON")
        add_arguments(one)
    add_arguments(commands.add_parser("rotate", help="encrypt all tokens with the first key"))
    return parser


class Members:
    """What the command does."""

    def __init__(self, config: ClusterConfig, store: Store, cluster: Cluster) -> None:
        self._signup = config.base.signup
        self._states = States(store)
        self._cluster = cluster

    def do(self, arguments: argparse.Namespace) -> int:
        """One of the commands; its exit code."""
        if arguments.what == "list":
            return self._list(as_json=arguments.json)
        if arguments.what == "rotate":
            return self._rotate()
        entry = self._found(arguments.member)
        if arguments.what == "show":
            return self._show(entry, as_json=arguments.json)
        actions: Mapping[str, Callable[[Enrolled], int]] = {
            "pause": self._pause,
            "resume": self._resume,
            "remove": self._remove,
            "export": self._export,
        }
        return actions[arguments.what](entry)

    def _found(self, name: str) -> Enrolled:
        """A member by name or by key. ConfigError where there is none, or there are several."""
        found = self._cluster.enrolment.named(name.removeprefix("@"), "member")
        if not found:
            raise ConfigError(f"there is no member {name!r}; `alternator members list` has them")
        if len(found) > 1:
            keys = ", ".join(entry.key for entry in found)
            raise ConfigError(f"{name!r} was the name of several; name one by its key: {keys}")
        return found[0]

    def _facts(self, entry: Enrolled) -> dict[str, object]:
        state = self._states.get(entry.account)
        return {
            "name": name_of(entry),
            "key": entry.key,
            "server": entry.server,
            "created": entry.created,
            "paused": entry.paused,
            "paused_by_operator": is_held(entry),
            "watched": entry.holder is not None,
            "attachments": {} if state is None else dict(state.counts()),
            "halted": None if state is None else state.halted(),
            "choices": choices_of(entry.settings, self._signup, name_of(entry)).kept(),
        }

    def _list(self, *, as_json: bool) -> int:
        """One after the other: there may be any number."""
        facts = map(self._facts, self._cluster.enrolment.each("member"))
        if as_json:
            print_array(facts)
            return 0
        one: Mapping[str, object] | None = None
        for one in facts:
            say(f"{one['name']}\t{condition(one)}\t{counts(one)}")
        if one is None:
            say("nobody is connected")
        return 0

    def _show(self, entry: Enrolled, *, as_json: bool) -> int:
        facts = self._facts(entry)
        if as_json:
            print(json.dumps(facts, indent=1, ensure_ascii=False))
            return 0
        say(f"{facts['name']}, {condition(facts)}")
        say(f"key: {facts['key']}")
        say(f"attachments: {counts(facts)}")
        if facts["halted"]:
            say(f"nothing is edited any more: {facts['halted']}")
        chosen = facts["choices"]
        assert isinstance(chosen, dict)
        for name, value in chosen.items():
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            say(f"{name}: {text}")
        return 0

    def _pause(self, entry: Enrolled) -> int:
        hold(self._cluster.enrolment, entry, True)
        say(f"{name_of(entry)} is paused; `alternator members resume` lets it go on")
        return 0

    def _resume(self, entry: Enrolled) -> int:
        hold(self._cluster.enrolment, entry, False)
        say(f"{name_of(entry)} goes on")
        return 0

    def _remove(self, entry: Enrolled) -> int:
        became = leave(self._cluster, entry, Cipher(self._signup.key))
        say(f"{name_of(entry)} is removed; {became.rows} rows were deleted")
        if not became.not_revoked:
            return 0
        say(
            f"its token could not be revoked ({became.not_revoked}): its owner can do that at the "
            f"server, under {BY_HAND}"
        )
        return ExitCode.FAILED

    def _export(self, entry: Enrolled) -> int:
        found = export_of(self._cluster, entry)
        print(json.dumps(found, indent=1, ensure_ascii=False, default=str))
        return 0

    def _rotate(self) -> int:
        """FAILED where a token can't be opened: the key that it needs is not there."""
        cipher = Cipher(self._signup.key)
        changed, failed = 0, 0
        for entry in self._cluster.enrolment.each("member"):
            if entry.token is not None and cipher.is_current(bytes(entry.token)):
                continue
            try:
                token = sealed(credentials_of(entry, cipher), cipher)
            except KeyMismatchError as error:
                say(str(error))
                failed += 1
                continue
            # As it was just now: a member who connects again meanwhile has another token.
            changed += self._cluster.enrolment.reseal(entry.key, entry.token, token)
        for server, kept in self._cluster.sign_ups.apps().items():
            if not cipher.is_current(kept):
                try:
                    text = cipher.unseal("app", kept, f"this program's name at {server}")
                except KeyMismatchError:
                    continue  # another one is registered when somebody connects
                self._cluster.sign_ups.keep_app(server, cipher.seal("app", text))
        say(f"{changed} tokens are encrypted anew; {failed} could not be opened")
        if not failed:
            say("the other keys can be taken out of [signup] key once all processes have the first")
        return ExitCode.FAILED if failed else 0


def print_array(values: Iterable[object]) -> None:
    """Print a JSON array of values, each once it is there."""
    before = "["
    for value in values:
        text = json.dumps(value, indent=1, ensure_ascii=False)
        print(before, text.replace("\n", "\n "), sep="\n ", end="")
        before = ","
    print("[]" if before == "[" else "\n]")


def condition(facts: Mapping[str, object]) -> str:
    """How an account is, in a word or two."""
    if facts["paused_by_operator"]:
        return "paused by the operator"
    if facts["paused"]:
        return "paused"
    return "watched" if facts["watched"] else "watched by nobody"


def counts(facts: Mapping[str, object]) -> str:
    """Attachments by state, in words."""
    found = facts["attachments"]
    assert isinstance(found, dict)
    return ", ".join(f"{number} {state}" for state, number in sorted(found.items())) or "nothing"
