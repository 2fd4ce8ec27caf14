"""The bot's errors. A class is an exit code; the message names the thing and the remedy."""

from probe.errors import UserError
from probe.exit_codes import ExitCode


class AlternatorError(UserError):
    """Base of the bot's errors."""


class ConfigError(AlternatorError):
    """A configuration key is missing, unknown or of the wrong type."""

    exit_code = ExitCode.USAGE


class KeyMismatchError(ConfigError):
    """What is kept of a member was encrypted with another key than those of the configuration."""


class ServerError(AlternatorError):
    """The Mastodon server can't be reached, or refuses the token."""

    exit_code = ExitCode.SERVER


class ModelError(AlternatorError):
    """The Whisper model can't be found, fetched or loaded."""

    exit_code = ExitCode.MODEL


class OutOfMemoryError(ModelError):
    """The model, or the work on one request, needs more memory than its device has free.

    Whoever asked may try again with less: smaller batches, a smaller precision, the CPU.
    """


class WorkerError(AlternatorError):
    """The Whisper worker died or did not answer in time."""

    exit_code = ExitCode.WORKER


class UnsupportedError(ConfigError):
    """A speech engine can't do what one request asks of it; another engine may."""


class SpeechServerError(WorkerError):
    """A speech server did not take one request, or made nothing of it."""


class MediaError(AlternatorError):
    """One attachment or file can't be described. It never stops the next one."""

    exit_code = ExitCode.MEDIA


class UnsureError(MediaError):
    """One attachment can't be described, as a single answer of the server has it.

    It may be out of a cache, or from something in front of the server: final only when it is said
    again later.
    """


class DamagedMediaError(UnsureError):
    """What arrived can't be decoded, or is no medium at all; another download may be whole."""


class NoAudioError(MediaError):
    """The media have no sound, so there is nothing to transcribe; nothing is wrong with them."""


class VisionError(AlternatorError):
    """The vision endpoint did not give a usable description."""

    exit_code = ExitCode.VISION


class OutputError(AlternatorError):
    """A transcript can't be written where it was asked for."""


class DecoderError(AlternatorError):
    """There is no ffmpeg to decode media with: no fault of any one file."""

    exit_code = ExitCode.DECODER


class StateError(AlternatorError):
    """What the bot remembers can't be read or written any more."""

    exit_code = ExitCode.STATE


class AccountGoneError(StateError):
    """An account is not among those that are remembered any more: it has left."""


class TemporaryError(AlternatorError):
    """What failed now may pass later.

    ``retry_after`` is the time in seconds that was asked for; None leaves it to the usual back-off.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TemporaryStateError(TemporaryError, StateError):
    """What the bot remembers can't be read or written now: a lock, a full disk."""


class TakenOverError(TemporaryStateError):
    """Another process has taken the work over: this one was believed dead, and must not go on."""


class EndpointError(TemporaryError, VisionError):
    """The vision endpoint as a whole fails: no fault of what it was asked about."""


class SpeechServerAwayError(TemporaryError, SpeechServerError):
    """A speech server is of no use to anybody now: it can't be reached, is too busy, wants another
    token. No fault of what it was asked about."""


class TemporaryServerError(TemporaryError, ServerError):
    """The server can't be reached, is overloaded or asks to wait."""


class UnreachableError(TemporaryServerError):
    """Nobody can be at the server's address: there is no such name, or no TLS that is accepted.

    It may pass; where the server never answered before, the address is more likely wrong.
    """


class UnexpectedAnswerError(TemporaryServerError):
    """The server answered with something other than what was asked for.

    A proxy, a cache or a server in trouble does that, with HTTP 200. So it may pass, and it says
    nothing about what was asked for: never that it is gone.
    """


class UnsupportedServerError(ServerError):
    """The server's software lets nobody describe what is posted, or not without harm."""


class RedirectedError(UnexpectedAnswerError):
    """The server answered with another address in place of what was asked for."""


class TokenRefusedError(ServerError):
    """The server does not take the token (any more)."""


class ForbiddenError(ServerError):
    """The server itself says no (HTTP 403): to the token, or about this one post."""


class EditRefusedError(ServerError):
    """The server itself understood a request and does not accept it (HTTP 4xx)."""


class GoneError(ServerError):
    """What was asked for is not on the server (any more), as the server itself says once."""


class DamageError(ServerError):
    """An edit changed more of a post than its descriptions. ``fields`` names what."""

    def __init__(self, message: str, *, fields: tuple[str, ...]) -> None:
        super().__init__(message)
        self.fields = fields


class UndoRefusedError(AlternatorError):
    """What was written into a post is not taken back; the post is left as it is."""


class PostBusyError(UndoRefusedError):
    """The bot, or another undo, is at work on the post, and lets go of it by itself."""


class TakenBackError(AlternatorError):
    """What is posted in several posts was deleted by its author before all of it was."""


class UnprovenEditError(AlternatorError):
    """An edit was not sent, since it would have changed more than descriptions: our defect."""


class TemporaryMediaError(TemporaryError, MediaError):
    """An attachment that can't be had now."""
