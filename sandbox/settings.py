"""What can be set about the sandbox server, and the values Mastodon 4.4 has."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Behaviour of one sandbox server. The defaults are Mastodon 4.4's own values."""

    # Where clients reach the server. None: as each request's Host header says, so that a bot in a
    # container (http://sandbox:3000) and a browser on the host both get links that they can open.
    public_url: str | None = None
    heartbeat_seconds: float = 15.0
    # How long an audio or video file answers 206 after its upload.
    processing_seconds: float = 0.3
    description_limit: int = 1500  # characters
    # Servers before 4.4 enforce the limit without announcing it.
    announce_description_limit: bool = True
    status_limit: int = 500  # characters, content warning included
    attachment_limit: int = 4
    image_bytes: int = 16 * MIB
    video_bytes: int = 99 * MIB
    # Requests of one token (or, without one, of one address) in a window.
    request_limit: int = 300
    request_window_seconds: int = 5 * 60
    # Posts and edits share this budget.
    posting_limit: int = 300
    posting_window_seconds: int = 3 * 60 * 60
    default_language: str = "en"
