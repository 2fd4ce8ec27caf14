"""The configuration of each account that is enrolled."""

import logging

from alternator.config.load import ClusterConfig
from alternator.config.settings import Config
from alternator.errors import AlternatorError, ConfigError
from alternator.members.cipher import Cipher
from alternator.members.config_of import config_of
from alternator.store.cluster import Enrolled

log = logging.getLogger(__name__)


class AccountConfigs:
    """By the key of an enrolment (``alternator.store.cluster.Enrolled``)."""

    def __init__(self, config: ClusterConfig) -> None:
        self._base = config.base
        self._known_cipher: Cipher | None = None
        self._told: dict[str, str] = {}  # by the key: what keeps it from work
        self._named = {key_of(one): one for one in config.accounts}

    def _cipher(self) -> Cipher:
        """What opens members' tokens; there need be no key where there are no members."""
        if self._known_cipher is None:
            self._known_cipher = Cipher(self._base.signup.key)
        return self._known_cipher

    def told(self, entry: Enrolled) -> Config | None:
        """The same; None where there is none, which is said in the log once."""
        try:
            return self.of(entry)
        except AlternatorError as error:
            if self._told.get(entry.key) != str(error):
                self._told[entry.key] = str(error)
                log.error("nothing is done for %s: %s", entry.handle or entry.key, error)
            return None

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
