import pytest

from alternator.errors import ConfigError, KeyMismatchError
from alternator.members.cipher import Cipher, new_key

TEXT = "a-token-of-some-length"


def test_what_is_sealed_is_opened_by_its_key_alone():
    key = new_key()
    sealed = Cipher(key).seal("token", TEXT)
    assert TEXT.encode() not in sealed
    assert Cipher(key).unseal("token", sealed, "demo@here") == TEXT
    with pytest.raises(KeyMismatchError, match=r"opens what is kept of demo@here") as caught:
        Cipher(new_key()).unseal("token", sealed, "demo@here")
    assert TEXT not in str(caught.value) and sealed.decode() not in str(caught.value)


def test_it_is_opened_for_its_purpose_alone():
    cipher = Cipher(new_key())
    sealed = cipher.seal("session", TEXT)
    with pytest.raises(KeyMismatchError, match="not what it should be"):
        cipher.unseal("token", sealed, "demo@here")
    until = cipher.seal_until("session", TEXT, 1060.0)
    assert cipher.unseal_fresh("token", until, 1000) is None


@pytest.mark.parametrize("between", [" ", "\n", ",", " ,\n "])
def test_of_several_keys_the_first_encrypts_and_all_decrypt(between: str):
    old, new = new_key(), new_key()
    sealed = Cipher(old).seal("token", TEXT)
    both = Cipher(f"{new}{between}{old}\n")
    assert both.unseal("token", sealed, "x") == TEXT and not both.is_current(sealed)
    again = both.seal("token", TEXT)
    assert Cipher(new).unseal("token", again, "x") == TEXT and both.is_current(again)
    with pytest.raises(KeyMismatchError):
        Cipher(old).unseal("token", again, "x")


@pytest.mark.parametrize("damage", [b"", b"gAAAA", b"\xff\xfe", b"a" * 500])
def test_what_is_damaged_is_said_to_be_of_another_key(damage: bytes):
    with pytest.raises(KeyMismatchError):
        Cipher(new_key()).unseal("token", damage, "x")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "is not set"),
        ("  ", "is not set"),
        ("short", "is no key"),
        (f"{43 * 'A'}= nokey-nokey-nokey", "number 2 is no key"),
        ("é" * 44, "is no key"),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(key: str | None, message: str):
    with pytest.raises(ConfigError, match=message) as caught:
        Cipher(key)
    assert "members key" in str(caught.value)
    assert "nokey" not in str(caught.value) and "short" not in str(caught.value)


def test_a_value_of_a_browser_is_good_for_a_while():
    cipher = Cipher(new_key())
    sealed = cipher.seal_until("session", TEXT, 1060.0)
    for now, found in ((0, TEXT), (1059, TEXT), (1060, None), (9999, None)):
        assert cipher.unseal_fresh("session", sealed, now) == found
    for other in ("", "é", sealed[:-4], sealed[1:], "x" * 10_000):
        assert cipher.unseal_fresh("session", other, 1000) is None
