"""A bundle of certificates that can't be used is named before anybody is asked."""

from pathlib import Path

import certifi
import pytest

from alternator.errors import ConfigError
from alternator.web import trusted

VARIABLES = (*trusted.FOR_REQUESTS, trusted.FOR_OPENSSL)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_file_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        trusted.check({name: f"{tmp_path}/none.pem"})
    assert str(caught.value) == (
        f"{name}: {tmp_path}/none.pem can't be read: No such file or directory; name a PEM file "
        f"with the certificates to trust, or unset it"
    )


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_file_without_certificates(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(ConfigError, match=f"{name}: .*/ca.pem holds no certificates; name"):
        trusted.check({name: f"{tmp_path}/ca.pem"})


def test_what_can_be_used(tmp_path: Path) -> None:
    trusted.check({})
    trusted.check(dict.fromkeys(VARIABLES, ""))
    trusted.check(dict.fromkeys(VARIABLES, certifi.where()))
    trusted.check({"REQUESTS_CA_BUNDLE": str(tmp_path)})  # a folder of them
    # The second is not looked at: requests takes the first that is set.
    trusted.check({"REQUESTS_CA_BUNDLE": certifi.where(), "CURL_CA_BUNDLE": "/none"})
