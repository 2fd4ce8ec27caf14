"""The state of an account by the number of its row. Any thread may ask."""

from alternator.store.interface import AccountState, Store


class States:
    """Those of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, account: int | None) -> AccountState | None:
        """The state; None for an account that was never signed in."""
        return None if account is None else self._store.of_account(account)
