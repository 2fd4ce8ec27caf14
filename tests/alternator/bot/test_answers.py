"""What is answered to machines, and where."""

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from loopback import free_port

from alternator.bot.answers import Answer, answering, of_troubles
from alternator.config.metrics import MetricsSettings
from alternator.errors import ConfigError


def asked(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_a_path_that_is_none_is_not_found():
    answers = {"/one": lambda: Answer(b"1\n"), "/bad": lambda: of_troubles(["it broke"], "well")}
    with answering(answers, MetricsSettings(port=free_port()), "metrics") as port:
        assert asked(port, "/one?x=1") == (200, "1\n")
        assert asked(port, "/bad") == (503, "it broke\n")
        assert asked(port, "/other")[0] == 404


def test_a_port_that_is_taken_is_named():
    with (
        answering({}, MetricsSettings(port=free_port()), "metrics") as port,
        pytest.raises(ConfigError, match=rf"\[metrics\] 127.0.0.1:{port}"),
        answering({}, MetricsSettings(port=port), "metrics"),
    ):
        pass


def test_port_0_answers_nowhere():
    with answering({}, MetricsSettings(port=0), "metrics") as port:
        assert port == 0
