"""The bot is waited for, and where it does not get well its last words are told."""

import io
from typing import Any

import pytest
from docker.errors import DockerException

from compose import wait
from compose.errors import UnhealthyError
from images.console import Console


class Bot:
    """A container as the SDK shows it, with one state after the other."""

    name = "alternator_bot_1"

    def __init__(self, *states: tuple[str, str | None, int], log: bytes = b"") -> None:
        self.states, self.log = list(states), log

    @property
    def attrs(self) -> dict[str, Any]:
        state, health, restarts = self.states[0]
        facts = {"Status": state, **({"Health": {"Status": health}} if health else {})}
        return {"State": facts, "RestartCount": restarts}

    def logs(self, *, tail: int) -> bytes:
        if not self.log:
            raise DockerException("no log")
        return b"\n".join(self.log.splitlines()[-tail:])


class Stack:
    """A project with at most one container, which is a state further each time it is asked for."""

    def __init__(self, *bots: Bot) -> None:
        self.bots = bots

    def container(self, service: str) -> Bot | None:
        if not self.bots:
            return None
        [bot] = self.bots
        if len(bot.states) > 1:
            bot.states.pop(0)
        return bot

    def ended(self) -> tuple[Bot, ...]:
        return self.bots


def stack(*bots: Bot) -> Any:
    return Stack(*bots)


def until_healthy(project: Any, timeout_s: float = 60) -> tuple[Any, str]:
    stream = io.StringIO()
    return wait.until_healthy(project, "bot", Console(stream), timeout_s), stream.getvalue()


def test_what_it_says_meanwhile_is_shown() -> None:
    bot = Bot(
        *(("created", None, 0), ("running", "starting", 0), ("running", "healthy", 0)),
        log=b"first\nalternator-entrypoint: installing torch 2.13.0 cpu",
    )
    found, said = until_healthy(stack(bot))
    assert found is bot
    assert said == "  alternator_bot_1: installing torch 2.13.0 cpu ...\n"


@pytest.mark.parametrize(
    ("state", "what"),
    [
        (("running", "unhealthy", 0), "bot is unhealthy"),
        (("exited", None, 0), "bot is exited"),
        (("running", "starting", 2), "bot is restarting"),
    ],
)
def test_its_last_words_are_told(state: tuple[str, str | None, int], what: str) -> None:
    with pytest.raises(UnhealthyError) as failure:
        until_healthy(stack(Bot(state, log=b"no such key")))
    assert str(failure.value) == (
        f"{what}. Its last words:\n    no such key\nMore: docker logs alternator_bot_1"
    )


def test_a_container_that_is_gone_is_told() -> None:
    with pytest.raises(UnhealthyError, match="the container of bot is gone"):
        until_healthy(stack())


def test_the_wait_has_an_end() -> None:
    with pytest.raises(UnhealthyError, match="bot is not healthy after -1 s"):
        until_healthy(stack(Bot(("running", "starting", 0))), timeout_s=-1)


def test_the_words_of_what_ended() -> None:
    assert wait.last_words_of_the_dead(stack(Bot(("exited", None, 0), log=b"bye"))) == (
        "alternator_bot_1 ended. Its last words:\n    bye\nMore: docker logs alternator_bot_1"
    )
    assert wait.last_words_of_the_dead(stack()) == ""


class Answering(Bot):
    """A healthy one that answers ``alternator health``."""

    def __init__(self, output: bytes, log: bytes = b"") -> None:
        super().__init__(("running", "healthy", 0), log=log)
        self.output = output

    def exec_run(self, command: list[str]) -> Any:
        assert command == ["alternator", "health"]
        return type("Result", (), {"output": self.output, "exit_code": 0})


def asked(bot: Any) -> str | None:
    return wait.waits_for_server(bot)


LOG = (
    b"2026-11-28T18:00:00+0000 error https://mastodon.example can't be reached (no connection)\n"
    b"2026-11-28T18:00:01+0000 debug tells no nodeinfo\n"
)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b'{"server": "unreachable"}', "alternator_bot_1: https://mastodon.example can't be reach"),
        (b'{"server": "refusing"}', "alternator_bot_1: https://mastodon.example can't be reach"),
        (b'{"server": "reachable"}', None),
        (b"no bot answers on 127.0.0.1:8765", None),
        (b"[]", None),
    ],
)
def test_a_server_that_is_waited_for_is_told(output: bytes, expected: str | None) -> None:
    said = asked(Answering(output, LOG))
    assert (said or "").startswith(expected or "")
    assert bool(said) == bool(expected)


def test_also_where_the_log_can_not_be_read() -> None:
    assert asked(Answering(b'{"server": "refusing"}')) == "alternator_bot_1: its server is refusing"


class Checked(Bot):
    """One whose engine never runs its check, as Podman without systemd."""

    def __init__(self, *codes: int) -> None:
        super().__init__(*[("running", "starting", 0)] * (len(codes) + 2))
        self.codes = list(codes)

    def exec_run(self, command: list[str]) -> Any:
        assert command == ["alternator", "health"]
        return type("Result", (), {"output": b"", "exit_code": self.codes.pop(0)})


def test_where_the_engine_does_not_check_it_is_asked_from_here() -> None:
    bot = Checked(1, 0)
    found = wait.until_healthy(stack(bot), "bot", Console(io.StringIO()), 60, ask=True)
    assert found.name == bot.name
    assert bot.codes == []
