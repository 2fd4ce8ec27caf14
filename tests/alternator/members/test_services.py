import pytest

from alternator.members.services import foreign_host


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://openrouter.ai/api/v1", "openrouter.ai"),
        ("https://8.8.8.8/v1", "8.8.8.8"),
        ("https://[2606:4700::1111]/v1", "2606:4700::1111"),
        ("http://127.0.0.1:8000/v1", ""),
        ("http://192.168.1.5:8000/v1", ""),
        ("http://[fd00::1]:8000/v1", ""),
        ("http://vision:8000/v1", ""),
        ("http://localhost:8000/v1", ""),
        (None, ""),
    ],
)
def test_a_machine_that_is_not_surely_the_operator_s_is_named(url: str | None, host: str):
    assert foreign_host(url) == host
