"""The bot's errors. A class is an exit code; the message names the thing and the remedy."""

from probe.errors import UserError


class AlternatorError(UserError):
    """Base of the bot's errors."""


class ConfigError(AlternatorError):
    """A configuration key is missing, unknown or of the wrong type."""

    exit_code = 2


class ServerError(AlternatorError):
    """The Mastodon server can't be reached, or refuses the token."""

    exit_code = 4


class ModelError(AlternatorError):
    """The Whisper model can't be found, fetched or loaded."""

    exit_code = 5


class WorkerError(AlternatorError):
    """The Whisper worker died or did not answer in time."""

    exit_code = 6


class MediaError(AlternatorError):
    """One attachment or file can't be described. It never stops the next one."""

    exit_code = 7


class VisionError(AlternatorError):
    """The vision endpoint did not give a usable description."""

    exit_code = 8
