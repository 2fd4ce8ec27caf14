"""A secret that proves that who asks for a token is who asked for the code.

https://www.rfc-editor.org/rfc/rfc7636
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """The secret, 43 characters, and what is told of it before: its SHA-256 (``S256``)."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def code(self) -> str:
        """What the server compares the secret with."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
