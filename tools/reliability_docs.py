# size: the sentences of a whole page, and what they are made from
"""Writes docs/reliability.md: ``python -m tools.reliability_docs [--check]``.

The tables come from what the tests in tests/faults play: table.toml, and the tables of cases in its
modules; rules.toml says what they prove, and where in the code it is kept. ``--check`` fails if the
file is not current.
"""

import ast
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.write_or_check import write_or_check

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "reliability.md"
FAULTS = ROOT / "tests" / "faults"

HEAD = """\
# What the bot does when something fails

Made by `python -m tools.reliability_docs` from the tests in `tests/faults/`; `make lint` checks it.
Each cell of the tables is played by the real bot against the sandbox server. After each the test
compares every field of every post with what it was before, by the server's own records; counts the
edits; waits until nothing is left that lacks a description; and looks for traces and secrets in the
log. `make test` plays a third of the largest tables, which the commit chooses; `make test WHOLE=1`
all of them.

## The rules

"""
ANSWERS = """
## What an answer leads to

Of one such answer, and "for ever" of ever the same.

"""
SAME = """
At these steps the same comes of every one of those answers:

"""
OUTCOMES = "\nIn full:\n\n"
LEFT_OUT = "\nLeft out, with the reason:\n\n"
ELSEWHERE = "\n## What else is played\n\n"
# What stands in braces comes from the tables of the tests.
CASES = (
    (
        "**The process ends**, by SIGKILL and by SIGTERM: {moments}; before and after each "
        "write of its memory; six times in a row at one post. Started again, it takes up its "
        "work, and edits nothing twice (`tests/faults/test_kill.py`)."
    ),
    (
        "**The process is killed while it does what a person asked for** on the dashboard: other "
        "words, taking back, describing anew; at each of its requests, and before and after each "
        "write of its memory. Started again, it does what is left of it and makes no edit twice "
        "(`tests/faults/test_errand_kill.py`)."
    ),
    (
        "**The process is killed between the parts of a reply** that takes several posts: at its "
        "requests, and before and after each write. Started again, it posts what is missing, in "
        "its place and in the same words, also where the server does not know the keys any more "
        "(`tests/faults/test_reply_kill.py`)."
    ),
    (
        "**Somebody is at the same post**: {acts}; each {author_moments}. What the author did "
        "stays (`tests/faults/test_meanwhile.py`), also what they did right after our "
        "edit, whose answer was lost: that is no damage of ours. While the edit itself is on "
        "its way nothing can be noticed: no server takes an edit on condition."
    ),
    (
        "**The server damages a post** with the edit: {damages}. That was the account's last "
        "edit, over restarts too, until `alternator run --resume-editing` "
        "(`tests/faults/test_damage.py`)."
    ),
    (
        "**Files that are no pictures**: {files}; more than the limit without end; sixteen "
        "attachments; attachments without an address for a moment, half an hour, two days "
        "(`tests/faults/test_media.py`)."
    ),
    (
        "**The state file**: {troubles}; once and for a while, while {writes}; held by another "
        "program, damaged, of a newer version (`tests/faults/test_state.py`)."
    ),
    (
        "**The clock** is ten days or a year ahead, or ten days back, for a while or for good "
        "(`tests/faults/test_state.py`)."
    ),
    (
        "**An event of the stream** is {payloads}, or of somebody else's post; the stream "
        "lives and says nothing; a second bot works on the same account, with a memory of its "
        "own (`tests/faults/test_events.py`)."
    ),
)
CLUSTER = """
## A cluster

What bots and workers on one PostgreSQL do when one of them, or something between them, fails
(`tests/faults/cluster/`). They are the real commands, each a process of its own, with shorter
waits. After each the
server's records must show every post described once, none edited twice, none damaged; and the
database nothing that waits, is claimed, has a job, is held or leased once all have ended.

"""
CLUSTER_CASES = (
    (
        "**A worker is killed** (SIGKILL): {steps}; before and after each write of a post; with "
        "another one there that takes over, and with the same one started again "
        "(`test_kill_worker.py`)."
    ),
    (
        "**A worker is killed at an errand** of a person ({kinds}), at its requests and writes; "
        "another one does what is left of it, once (`test_kill_errand.py`)."
    ),
    (
        "**A bot is killed** before and after the writes of a look and of an event; another one "
        "takes its accounts over, and finds what it did not hear of (`test_kill_bot.py`)."
    ),
    (
        "**A process is ended** (SIGTERM) while a server holds its answer back: a worker at "
        "{terms}, after what it writes of a post, and at an errand; a bot at {bot_terms}. It ends "
        "within the twenty seconds that compose leaves it, what it was at is given back at "
        "once, and the next one does it (`test_end.py`)."
    ),
    (
        "**A worker is stopped for longer than it is believed to live**, before it edits, and goes "
        "on when another one has taken the post over: {zombies}. It edits nothing, and ends no job "
        "but its own; nor does one that is stopped at an errand ({errand_zombies}) write "
        "anything down, or tell the person another end (`test_zombie.py`). What can't be helped: "
        "one that is stopped between that question and its edit, which is a moment."
    ),
    (
        "**Connections** to {peers} are {manners}, for a while; and cut or reset in the middle of "
        "a post (`test_connections.py`)."
    ),
    (
        "**Speech**: the connections to its server are {ears}; the server is away when a worker "
        "starts, and killed while it listens; the process that transcribes is killed, dies at each "
        "request, loses its GPU. The commands are real, `alternator serve` too; the engine is one "
        "that does what it is told. The clip is described by what comes next: another process, the "
        "CPU, the engine of the worker's own, another worker; while nobody can hear, what waits is "
        "not taken, and loses no attempt (`test_speech.py`)."
    ),
    (
        "**`alternator web` is killed** while a member connects and leaves, at the requests to the "
        "member's server and at what is written, and while an errand is written. It is asked for "
        "once more, and done once; one who left and does not come back is gone all the same "
        "(`test_web.py`)."
    ),
    (
        "**In other modes** a worker that replies or keeps a draft is killed, and a bot that asks "
        "its author: at each request that says something, and before and after what is written. "
        "Nothing is said twice, and what is approved is written once; a reply of several parts is "
        "ended by another worker in the words of the first (`test_modes.py`)."
    ),
    (
        "**For others**: a worker is killed at its answer, a bot while it hears and while it "
        "confirms; another one is there. Each who asks is answered once, and a person's hour holds "
        "whichever bot counts (`test_others.py`)."
    ),
    (
        "**A member takes the permission back** at the server, and gives it again later: "
        "{moments_of_token}. Nothing is edited, `/me` says why, and then all is described "
        "(`test_token.py`)."
    ),
    ("**What is around it**: {around} (`test_around.py`)."),
    (
        "**The queue by chance**: whatever order things happen in, and whoever dies, never are two "
        "at one post, and in the end all is done and no job is left (`test_queue_model.py`)."
    ),
    (
        "**All at once**: a soak as below, of two bots, three workers and the pages, which are "
        "killed, ended and stopped, with a database that is restarted, crashes, is locked and "
        "loses connections "
        "(`test_cluster_soak.py`, `make soak CLUSTER=1`)."
    ),
)
SOAK = "\n## All of it at once\n\n"


def render() -> str:
    """The document."""
    table = tomllib.loads((FAULTS / "table.toml").read_text("utf-8"))
    parts = [HEAD, rules_text(), ANSWERS, answers_text(table), SAME, same_text(table)]
    parts += [OUTCOMES, outcomes_text(table), LEFT_OUT, reasons_text(table)]
    return "".join([*parts, elsewhere_text(table), cluster_text(table), SOAK, soak_text()])


def rules_text() -> str:
    """A row for each rule, with the files that keep it."""
    rules = tomllib.loads((FAULTS / "rules.toml").read_text("utf-8"))["rule"]
    rows = [f"| {r['says']} | {', '.join(f'`{file}`' for file in r['kept'])} |" for r in rules]
    return "\n".join(["| rule | where it is kept |", "|---|---|", *rows]) + "\n"


def answers_text(table: Mapping[str, Any]) -> str:
    """A row for each answer, a column for each group of steps that it does the same to."""
    groups = columns(table)
    lines = [
        f"| answer | {' | '.join(', '.join(s['title'] for s in group) for group in groups)} |",
        "|---" * (len(groups) + 1) + "|",
    ]
    for fault in table["fault"]:
        cells = [cell(table, fault, group[0]) for group in groups]
        lines.append(f"| {fault['title']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def columns(table: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """The steps whose outcome depends on the answer, those that always have the same together."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for step in table["step"]:
        if "outcome" not in step:
            found = tuple(cell(table, fault, step) for fault in table["fault"])
            groups.setdefault(found, []).append(step)
    return list(groups.values())


def cell(table: Mapping[str, Any], fault: Mapping[str, Any], step: Mapping[str, Any]) -> str:
    """What comes of an answer at a step, in a few words."""
    if step["kind"] in fault.get("reasons", {}):
        return "–"
    found = fault["on"].get(step["id"], fault["on"].get(step["kind"]))
    once, ever = (found, found) if isinstance(found, str) else found
    short = table["short"]
    return str(short[once] if once == ever else f"{short[once]}; for ever: {short[ever]}")


def same_text(table: Mapping[str, Any]) -> str:
    """The steps at which every answer comes to the same."""
    rows = [
        f"| {step['title']} | {table['outcomes'][step['outcome']]}{exceptions(table, step)} |"
        for step in table["step"]
        if "outcome" in step
    ]
    return "\n".join(["| step | what comes of it |", "|---|---|", *rows]) + "\n"


def exceptions(table: Mapping[str, Any], step: Mapping[str, Any]) -> str:
    """What comes of those answers that are another matter at this step."""
    found: dict[str, list[str]] = {}
    for fault in table["fault"]:
        if step["id"] in fault["on"]:
            found.setdefault(fault["on"][step["id"]], []).append(fault["title"])
    return "".join(
        f"; {', '.join(titles)}: {table['outcomes'][name]}" for name, titles in found.items()
    )


def outcomes_text(table: Mapping[str, Any]) -> str:
    """The short words, and what they stand for."""
    return "".join(
        f"- *{short}*: {table['outcomes'][name]}\n" for name, short in table["short"].items()
    )


def reasons_text(table: Mapping[str, Any]) -> str:
    """Why some pairs are none."""
    titles: dict[str, str] = {}
    for step in table["step"]:
        titles.setdefault(step["kind"], step["title"])
    return "".join(
        f"- {fault['title']}, {titles[kind]}: {reason}\n"
        for fault in table["fault"]
        for kind, reason in fault.get("reasons", {}).items()
    )


def elsewhere_text(table: Mapping[str, Any]) -> str:
    """What the other modules play, from their own tables."""
    damages = tuple(literals(ROOT / "sandbox" / "control" / "faults.py", "Damage"))
    without = tuple(literals(FAULTS / "test_damage.py", "WITHOUT_MEDIA"))
    words = {
        "moments": ", ".join(step["title"] for step in table["step"] if "when" not in step),
        "acts": ", ".join(literals(FAULTS / "test_meanwhile.py", "ACTS")),
        "author_moments": ", ".join(literals(FAULTS / "test_meanwhile.py", "MOMENTS")),
        "damages": ", ".join(d.replace("_", " ") for d in damages if d not in without),
        "payloads": ", ".join(literals(FAULTS / "test_events.py", "PAYLOADS")),
        "files": ", ".join(literals(FAULTS / "test_media.py", "FILES")),
        "troubles": ", ".join(literals(FAULTS / "test_state.py", "TROUBLE")),
        "writes": ", ".join(literals(FAULTS / "test_state.py", "MOMENTS")),
    }
    filled = (textwrap.fill(f"- {case.format(**words)}", 110) for case in CASES)
    return ELSEWHERE + "".join(text.replace("\n", "\n  ") + "\n" for text in filled)


def cluster_text(table: Mapping[str, Any]) -> str:
    """What is played with a cluster."""
    folder = FAULTS / "cluster"
    titles = {step["id"]: step["title"] for step in table["step"]}
    words = {
        "steps": ", ".join(
            titles[key] for key in literals(folder / "test_kill_worker.py", "OF_A_POST")
        ),
        "terms": ", ".join(titles[key] for key in literals(folder / "test_end.py", "OF_A_WORKER")),
        "bot_terms": ", ".join(titles[key] for key in literals(folder / "test_end.py", "OF_A_BOT")),
        "kinds": ", ".join(literals(ROOT / "tests/support/cluster_errand.py", "KINDS")),
        "zombies": ", ".join(literals(folder / "test_zombie.py", "MOMENTS")),
        "errand_zombies": ", ".join(literals(folder / "test_zombie.py", "ERRAND_MOMENTS")),
        "peers": ", ".join(literals(folder / "test_connections.py", "PEERS")),
        "manners": ", ".join(literals(folder / "test_connections.py", "MANNERS")),
        "ears": ", ".join(literals(folder / "test_speech.py", "MANNERS")),
        "moments_of_token": ", ".join(literals(folder / "test_token.py", "MOMENTS")),
        "around": ", ".join(sentences(folder / "test_around.py")),
    }
    filled = (textwrap.fill(f"- {case.format(**words)}", 110) for case in CLUSTER_CASES)
    head = "\n\n".join(
        part if part.startswith("\n#") else textwrap.fill(part, 110)
        for part in CLUSTER.split("\n\n")
        if part.strip()
    )
    return head + "\n\n" + "".join(text.replace("\n", "\n  ") + "\n" for text in filled)


def sentences(file: Path) -> Iterator[str]:
    """What the tests of a module are called."""
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name.removeprefix("test_").replace("_", " ")


def soak_text() -> str:
    """What a soak is, and the result of the last long one."""
    words = tomllib.loads((FAULTS / "rules.toml").read_text("utf-8"))["soak"]
    result = tomllib.loads((FAULTS / "soak.toml").read_text("utf-8"))
    paragraphs = [words["says"], words["result"].format(**result)]
    of_cluster = FAULTS / "soak_cluster.toml"
    if of_cluster.exists():
        found = tomllib.loads(of_cluster.read_text("utf-8"))
        paragraphs.append(words["cluster"].format(**found))
    return "\n".join(f"{textwrap.fill(text, 110)}\n" for text in paragraphs)


def literals(file: Path, name: str) -> Iterator[str]:
    """The keys of a module's table, or the words of its ``Literal`` or tuple, by its name."""
    for node in ast.parse(file.read_text("utf-8")).body:
        target, value = named(node)
        if target == name:
            match value:
                case ast.Dict(keys=entries):
                    pass
                case ast.Subscript(slice=ast.Tuple(elts=entries)) | ast.Tuple(elts=entries):
                    pass
                case _:
                    raise SystemExit(f"{file.name}: {name} is no table of words")
            yield from (str(entry.value) for entry in entries if isinstance(entry, ast.Constant))
            return
    raise SystemExit(f"{file.name} has no {name}")


def named(node: ast.stmt) -> tuple[str, ast.expr | None]:
    """What a statement gives a name to."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            return name, value
        case _:
            return "", None


def main(argv: Sequence[str] | None = None) -> int:
    """Write the document, or with --check tell whether it is current."""
    current = write_or_check({DOCUMENT: render()}, "python -m tools.reliability_docs", argv)
    return int(not current)


if __name__ == "__main__":
    sys.exit(main())
