import json
import logging
import re
from collections.abc import Iterator
from typing import Literal

import pytest

from alternator.log import (
    LEARNT,
    DefectLog,
    LineFormatter,
    LogLevel,
    Thread,
    hide,
    log,
    of_account,
    set_up,
)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers, root.level, log.level)
    yield
    root.handlers = before[0]
    root.setLevel(before[1])
    log.setLevel(before[2])


def test_an_event_is_one_line_without_secrets(capsys: pytest.CaptureFixture[str]):
    set_up("info", ["a-secret-of-some-length", "short", ""])
    logging.getLogger("alternator.bot.watch").warning("one\ntwo a-secret-of-some-length short")
    log.debug("not shown")
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} warn  one \| two \*\*\* short", line
    )


def test_what_a_terminal_obeys_is_not_passed_on(capsys: pytest.CaptureFixture[str]):
    set_up("info")
    log.info("http://x.example/\x1b]0;owned\x07\x9b2J \u202etxt.exe\x00 犬 a\tb")
    line = capsys.readouterr().err
    assert line.endswith("http://x.example/�]0;owned��2J �txt.exe� 犬 a\tb\n")


def test_a_traceback_is_one_line_too():
    try:
        raise ValueError("with a-secret-of-some-length")
    except ValueError as error:
        record = logging.LogRecord("alternator", logging.DEBUG, "", 0, "failed", (), None)
        record.exc_info = (type(error), error, error.__traceback__)
    line = LineFormatter(["a-secret-of-some-length"]).format(record)
    assert "\n" not in line
    assert "ValueError: with ***" in line


@pytest.mark.parametrize(("level", "shown"), [("debug", False), ("trace", True)])
def test_libraries_speak_only_when_everything_is_asked_for(
    capsys: pytest.CaptureFixture[str], level: LogLevel, shown: bool
):
    set_up(level)
    logging.getLogger("urllib3").debug("a connection")
    assert ("a connection" in capsys.readouterr().err) is shown


def test_a_defect_that_stays_the_same_tells_its_trace_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    defects = DefectLog(log)
    for text in ("one", "1", "two"):
        try:
            int(text)
            raise KeyError(text)
        except (ValueError, KeyError) as error:
            defects.defect("reading", error)
            defects.defect("reading", error)
    assert [bool(record.exc_info) for record in caplog.records] == [True, False] * 3
    assert caplog.messages[3] == "reading, as before: KeyError: '1'"


def test_an_event_is_an_object_without_secrets(capsys: pytest.CaptureFixture[str]):
    set_up("info", ['a-"secret"-of-some-length'], "json")
    log.info('one\ntwo a-"secret"-of-some-length \x1b[31m犬')
    try:
        raise ValueError('with a-"secret"-of-some-length')
    except ValueError:
        log.exception("failed")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first | {"time": ""} == {
        "time": "",
        "level": "info",
        "logger": "alternator",
        "message": "one\ntwo *** \ufffd[31m犬",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first["time"])
    assert second["level"] == "error" and second["message"] == "failed"
    assert second["trace"].endswith("ValueError: with ***")


def test_an_object_names_the_account(capsys: pytest.CaptureFixture[str]):
    set_up("info", (), "json")
    token = of_account.set("work")
    try:
        log.info("done")
    finally:
        of_account.reset(token)
    assert json.loads(capsys.readouterr().err)["account"] == "work"


def test_an_accounts_lines_begin_with_its_name_in_all_of_its_threads(
    capsys: pytest.CaptureFixture[str],
):
    set_up("info")

    class Inheriting(Thread):
        def run(self) -> None:
            log.info("from one that inherits")

    def work() -> None:
        of_account.set("work")
        log.info("from its own")
        beside = Thread(log.info, name="beside", args=("from one beside",))
        inheriting = Inheriting(name="inheriting")
        for thread in (beside, inheriting):
            thread.start()
            thread.join()

    thread = Thread(work, name="work")
    thread.start()
    thread.join()
    log.info("from none")
    assert [line.split(maxsplit=2)[2] for line in capsys.readouterr().err.splitlines()] == [
        "work: from its own",
        "work: from one beside",
        "work: from one that inherits",
        "from none",
    ]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_secret_that_is_learnt_later_is_in_no_line(
    capsys: pytest.CaptureFixture[str], log_format: Literal["text", "json"]
):
    set_up("info", ["a-known-secret"], log_format)
    hide("a-token-of-a-member")
    hide("short")
    try:
        log.info("a-known-secret, a-token-of-a-member, short")
    finally:
        LEARNT.clear()
    assert "***, ***, short" in capsys.readouterr().err
