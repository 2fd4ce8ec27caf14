"""Encrypts what is kept of members: their tokens, and what goes to their browsers.

Fernet (https://github.com/fernet/spec/blob/master/Spec.md): AES-128 in CBC mode, and an HMAC-SHA256
without which nothing is decrypted. What is sealed for one purpose is opened for no other, so that
no cookie passes for a token.
"""

import re
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from alternator.errors import ConfigError, KeyMismatchError

Purpose = Literal["token", "app", "joining", "session"]
REMEDY = "`alternator members key` makes one"


def new_key() -> str:
    """A key: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


class Cipher:
    """The keys of ``[signup] key``, between which spaces stand: the first encrypts, all decrypt.

    ConfigError for what is no key.
    """

    def __init__(self, keys: str | None) -> None:
        words = re.split(r"[\s,]+", (keys or "").strip())
        if words == [""]:
            raise ConfigError(f"[signup] key is not set; {REMEDY}")
        fernets = []
        for place, word in enumerate(words, 1):
            try:
                fernets.append(Fernet(word))
            except ValueError:
                which = f" number {place}" if len(words) > 1 else ""
                raise ConfigError(
                    f"[signup] key{which} is no key (44 characters of base64); {REMEDY}"
                ) from None
        self._first = fernets[0]
        self._all = MultiFernet(fernets)

    def seal(self, purpose: Purpose, text: str) -> bytes:
        """A text that only these keys open."""
        return self._first.encrypt(f"{purpose}\n{text}".encode())

    def unseal(self, purpose: Purpose, sealed: bytes, whose: str) -> str:
        """The text. KeyMismatchError, which says of whom it is, if no key fits."""
        try:
            content = self._all.decrypt(sealed)
        except InvalidToken:
            raise KeyMismatchError(
                f"no key of [signup] key opens what is kept of {whose}; add the key that it was "
                f"encrypted with, after the first one, or have the member connect again"
            ) from None
        is_for, _, text = content.decode().partition("\n")
        if is_for != purpose:
            raise KeyMismatchError(f"what is kept of {whose} is not what it should be")
        return text

    def seal_until(self, purpose: Purpose, text: str, ends: float) -> str:
        """A text that is good up to a Unix time in seconds: for a browser to keep."""
        # A cookie with the signs at its end would have to be quoted.
        return self.seal(purpose, f"{int(ends)}\n{text}").decode("ascii").rstrip("=")

    def unseal_fresh(self, purpose: Purpose, sealed: str, now: float) -> str | None:
        """A text that is good still; None for any other.

        For what comes from a browser: nobody there is told why. It is not asked when it was sealed,
        which another process's clock may have had wrong.
        """
        try:
            padded = sealed + "=" * (-len(sealed) % 4)
            text = self.unseal(purpose, padded.encode("ascii"), "a browser")
        except (KeyMismatchError, UnicodeError):
            return None
        ends, _, content = text.partition("\n")
        return content if now < int(ends) else None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the first key opens it."""
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            return False
        return True
