"""Why the dashboard answers otherwise than was asked."""

from alternator.errors import AlternatorError


class PageError(AlternatorError):
    """An answer with another status than 200; the message is for who reads the page."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
