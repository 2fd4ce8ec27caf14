import pytest

from images.errors import WheelhouseError
from tools.plain import run


def nothing() -> None:
    """A tool that has nothing to complain of."""


def fails() -> None:
    raise WheelhouseError("no index answers; name one with PIP_INDEX_URL")


def test_an_error_for_a_person_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(fails) == WheelhouseError.exit_code
    assert capsys.readouterr().err == "no index answers; name one with PIP_INDEX_URL\n"
    assert run(nothing) == 0
    assert capsys.readouterr().err == ""


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: print(1 // 0))
