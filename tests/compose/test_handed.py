"""What is handed to the container, what is not, and the words for what can't be."""

import os
from pathlib import Path

import certifi
import pytest

from compose import handed
from compose.errors import ComposeError


def test_files_are_copied_whatever_they_are_called_here(tmp_path: Path) -> None:
    config, token, ca = tmp_path / "mine.toml", tmp_path / "t", tmp_path / "ca.crt"
    config.write_text("# mine\n")
    token.write_text("token\n")
    ca.write_bytes(Path(certifi.where()).read_bytes())
    environ = {"ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE": str(token), "SSL_CERT_FILE": str(ca)}
    given = handed.for_account(environ, config)
    assert given.files == {
        "alternator.toml": b"# mine\n",
        "mastodon_access_token": b"token\n",
        "vision_api_key": b"",  # nothing of an earlier start stays
        "openrouter_api_key": b"",
        "whisper_server_token": b"",
        "messages_access_token": b"",
        "dashboard_token": b"",
        "prompts.toml": b"",
        "ca.pem": ca.read_bytes(),
    }
    assert given.overlays == ("environment", "settings", "ca")


def test_without_certificates_the_images_own_hold() -> None:
    assert handed.for_account({}, None).overlays == ("environment", "settings")
    assert handed.for_demo({}).overlays == ()
    assert handed.for_demo({"REQUESTS_CA_BUNDLE": certifi.where()}).overlays == ("settings", "ca")


def test_our_own_variable_goes_before_the_others(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("-----BEGIN CERTIFICATE-----\n")
    environ = {"ALTERNATOR_CA_BUNDLE": str(ca), "REQUESTS_CA_BUNDLE": certifi.where()}
    assert handed.for_demo(environ).files["ca.pem"] == ca.read_bytes()


@pytest.mark.parametrize("variable", handed.CA_VARIABLES)
def test_certificates_that_are_not_there_are_named(variable: str, tmp_path: Path) -> None:
    with pytest.raises(ComposeError, match=rf"{variable}=.*/none\.pem: there is no such file"):
        handed.for_demo({variable: f"{tmp_path}/none.pem"})
    with pytest.raises(ComposeError, match=f"{variable}={tmp_path} is a directory: name one file"):
        handed.for_demo({variable: str(tmp_path)})
    (tmp_path / "empty").write_text("")
    with pytest.raises(ComposeError, match="holds no certificates in PEM form"):
        handed.for_demo({variable: f"{tmp_path}/empty"})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_configuration_of_another_user_is_named(tmp_path: Path) -> None:
    config = tmp_path / "alternator.toml"
    config.touch(mode=0o000)
    with pytest.raises(ComposeError, match=f"{config} can't be read: Permission denied"):
        handed.for_account({}, config)


def test_a_secret_that_is_a_directory_is_named(tmp_path: Path) -> None:
    environ = {"ALTERNATOR_OPENROUTER_API_KEY_FILE": str(tmp_path)}
    with pytest.raises(ComposeError, match=f"_API_KEY_FILE={tmp_path} is a directory"):
        handed.for_account(environ, None)


@pytest.mark.parametrize(
    ("proxy", "here"),
    [
        ("http://127.0.0.1:3128", True),
        ("http://user:word@localhost:3128/", True),
        ("127.0.0.2:3128", True),
        ("http://[::1]:3128", True),
        ("http://proxy.example:3128", False),
        ("http://172.17.0.1:3128", False),
        ("http://[broken", False),
        ("", False),
    ],
)
def test_a_proxy_on_this_machine_is_not_the_containers(proxy: str, here: bool) -> None:
    given = handed.for_demo({"https_proxy": proxy, "HTTP_PROXY": "http://proxy.example"})
    assert given.withheld == ({"https_proxy"} if here else frozenset())
    assert bool(given.notices) == here
    assert all("word" not in line for line in given.notices)


def test_the_environment_alone_may_be_an_account() -> None:
    url, token = "ALTERNATOR_MASTODON_INSTANCE_URL", "ALTERNATOR_MASTODON_ACCESS_TOKEN"
    assert not handed.is_account({})
    assert not handed.is_account({url: "https://mastodon.example", token: ""})
    assert handed.is_account({url: "https://mastodon.example", token: "t"})
    assert handed.is_account({url: "https://mastodon.example", f"{token}_FILE": "/run/t"})
