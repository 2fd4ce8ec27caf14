"""Why somebody can't connect, or not now; the message is for who reads the page."""

from alternator.errors import AlternatorError


class JoinError(AlternatorError):
    """An account is not connected. ``status`` is the page's."""

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.status = status
