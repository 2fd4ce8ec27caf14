import pytest

from alternator.config.dashboard import DashboardSettings
from alternator.config.signup import SignupSettings
from alternator.errors import ConfigError
from alternator.members.checked import check, host_of

WITH_TOKEN = DashboardSettings(token="a-token-of-the-dashboard")


@pytest.mark.parametrize(
    ("address", "dashboard", "message"),
    [
        (None, WITH_TOKEN, "address is not set"),
        ("http://alt.example", WITH_TOKEN, "is not encrypted"),
        ("https://alt.example/join", WITH_TOKEN, "must have no path"),
        (
            "https://alt.example",
            DashboardSettings(),
            r"could open the dashboard.*\[dashboard\] token",
        ),
    ],
)
def test_what_would_harm_members_is_refused(
    address: str | None, dashboard: DashboardSettings, message: str
):
    with pytest.raises(ConfigError, match=message):
        check(SignupSettings(address=address), dashboard)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8766", "http://localhost:1", "http://[::1]"])
def test_on_this_machine_nothing_is_asked_for(address: str):
    check(SignupSettings(address=address), DashboardSettings())


def test_others_come_by_https_and_by_that_name():
    settings = SignupSettings(address="https://alt.example:8443")
    check(settings, WITH_TOKEN)
    assert host_of(settings) == "alt.example" and host_of(SignupSettings()) == ""
