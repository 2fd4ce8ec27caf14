import pytest

from alternator.web.reach import ANYWHERE, Network, Reach, addresses_of, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("93.184.215.14", "public"),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", "public"),
        ("10.1.2.3", "private"),
        ("172.17.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),  # of a provider's own network
        ("fd00::1", "private"),
        ("224.0.0.1", "private"),
        ("255.255.255.255", "private"),
        ("127.0.0.1", "loopback"),
        ("127.255.0.1", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "loopback"),
        ("::", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        # IPv4 within IPv6
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("64:ff9b::5db8:d70e", "public"),
        ("2002:7f00:1::", "loopback"),
    ],
)
def test_the_network_of_an_address(address: str, network: Network) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("server", "allowed", "refused"),
    [
        ("93.184.215.14", ["93.184.215.14"], ["10.0.0.1", "127.0.0.1", "169.254.169.254"]),
        ("10.0.0.9", ["93.184.215.14", "10.0.0.1", "192.168.1.1"], ["127.0.0.1", "fe80::1"]),
        ("127.0.0.1", ["127.0.0.1", "10.0.0.1"], ["169.254.169.254"]),
    ],
)
def test_what_a_server_may_lead_to(server: str, allowed: list[str], refused: list[str]) -> None:
    reach = Reach.outside("https://social.example", lambda host: (server,))
    assert [reach.allows(address) for address in allowed] == [True] * len(allowed)
    assert [reach.allows(address) for address in refused] == [False] * len(refused)


def test_a_server_that_cannot_be_looked_up_leads_outside_only_and_is_looked_up_again() -> None:
    known: list[tuple[str, ...]] = [(), ("10.0.0.9",)]
    reach = Reach.outside("https://social.example", lambda host: known.pop(0))
    assert not reach.allows("10.0.0.1")
    assert reach.allows("10.0.0.1")
    assert reach.allows("10.0.0.2")  # asked twice in all
    assert known == []


def test_an_operators_own_address_may_be_anywhere() -> None:
    assert ANYWHERE.allows("127.0.0.1")
    assert ANYWHERE.allows_name("localhost")


def test_a_name_for_a_proxy_is_judged_by_its_addresses() -> None:
    reach = Reach.outside("https://social.example", lambda host: ("93.184.215.14",))
    assert not reach.allows_name("localhost")
    assert reach.allows_name("no-such-host.invalid")


def test_a_host_that_is_none_has_no_addresses() -> None:
    assert addresses_of("a" * 300) == ()
    assert "127.0.0.1" in addresses_of("127.0.0.1")
