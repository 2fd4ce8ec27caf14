"""Refusals of the sandbox server, as Mastodon words them: ``{"error": "…"}`` and a status code.

Which refusal has which code:
https://github.com/mastodon/mastodon/blob/v4.4.8/app/controllers/concerns/api/error_handling.rb
"""


class RefusedError(Exception):
    """A request that the API answers with an error. ``status`` is the HTTP status code."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def not_found() -> RefusedError:
    """404: no such record, or one that this account may not see."""
    return RefusedError(404, "Record not found")


def invalid(reason: str) -> RefusedError:
    """422: the record would break a rule. ``reason`` ends the sentence "Validation failed: …"."""
    return RefusedError(422, f"Validation failed: {reason}")
