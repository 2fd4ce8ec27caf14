import pytest

from alternator.config.database import DatabaseSettings
from alternator.errors import ConfigError
from alternator.store.postgres.address import Address, address_of

SECRET = "s3cr3t%2Fword"


def address(url: str) -> Address:
    return address_of(DatabaseSettings(url=url), "worker")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://bot:{SECRET}@db.example:5433/posts", "posts on db.example:5433"),
        (f"postgres://bot:{SECRET}@db.example/posts", "posts on db.example"),
        (f"postgresql://bot:{SECRET}@db.example", "bot on db.example"),
        ("postgresql:///posts?host=/run/postgresql", "posts on this machine"),
        (f"postgresql://db.example/posts?password={SECRET}&user=bot", "posts on db.example"),
    ],
)
def test_it_is_named_without_its_password(url: str, shown: str):
    found = address(url)
    assert found.shown == f"the database {shown}"
    for said in (found.shown, repr(found)):
        assert "s3cr3t" not in said


def test_libpq_is_told_what_to_do_when_the_network_is_cut():
    found = address("postgresql://bot:word@db.example/posts?connect_timeout=3&options=-c%20a.b%3D1")
    assert found.parameters["application_name"] == "alternator worker"
    assert found.parameters["tcp_user_timeout"] == 15_000
    assert found.parameters["connect_timeout"] == "3"  # the operator's goes before ours
    options = str(found.parameters["options"])
    assert "statement_timeout=30000" in options and options.endswith("-c a.b=1")
    assert (found.user, found.parameters["password"]) == ("bot", "word")


@pytest.mark.parametrize(
    ("mode", "with_tls"), [("", False), ("?sslmode=prefer", False), ("?sslmode=require", True)]
)
def test_whether_it_insists_on_tls(mode: str, with_tls: bool):
    assert address(f"postgresql://db.example/posts{mode}").with_tls is with_tls


@pytest.mark.parametrize(
    "url",
    [
        "db.example/posts",
        "mysql://bot:s3cr3t@db.example/posts",
        "postgresql://bot:s3cr3t%zz@db.example/posts",
        "postgresql://bot:s3cr3t@db.example:port/posts?nothing=1",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str):
    with pytest.raises(ConfigError, match=r"\[database\] url is no address") as refused:
        address(url)
    assert "s3cr3t" not in str(refused.value)
    assert refused.value.__cause__ is None
