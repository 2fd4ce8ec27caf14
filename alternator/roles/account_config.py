"""The configuration of each account that is enrolled."""

from alternator.config.load import ClusterConfig
from alternator.config.settings import Config
from alternator.errors import ConfigError
from alternator.members.cipher import Cipher
from alternator.members.config_of import config_of
from alternator.store.cluster import Enrolled


class AccountConfigs:
    """By the key of an enrolment (``alternator.store.cluster.Enrolled``)."""

    def __init__(self, config: ClusterConfig) -> None:
        self._base = config.base
        self._known_cipher: Cipher | None = None
        self._named = {key_of(one): one for one in config.accounts}

    def _cipher(self) -> Cipher:
        """What opens members' tokens; there need be no key where there are no members."""
        if self._known_cipher is None:
            self._known_cipher = Cipher(self._base.signup.key)
        return self._known_cipher

    def of(self, entry: Enrolled) -> Config:
        """The configuration of an account. ConfigError where this process has none of it, or lacks
        the key of a member's token."""
        if entry.source == "member":
            return config_of(self._base, entry, self._cipher())
        found = self._named.get(entry.key)
        if found is None:
            raise ConfigError(
                f"its configuration is not in this process's file; give all processes of the "
                f"cluster the same one ({entry.key})"
            )
        return found


def key_of(config: Config) -> str:
    """The key of an account of the configuration."""
    return f"config:{config.account or 'account'}"
