"""The media types that are taken, and how their files are named and served.

https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/media_attachment.rb has Mastodon's.
"""

import mimetypes

# File name suffix by media type, of the types that Mastodon 4.4 accepts and we can tell apart,
# and two names for them that clients use: audio/opus and audio/x-flac.
SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "video/webm": ".webm",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/ogg": ".ogv",
    "audio/wav": ".wav",
    "audio/wave": ".wav",
    "audio/x-wav": ".wav",
    "audio/x-pn-wave": ".wav",
    "audio/vnd.wave": ".wav",
    "audio/ogg": ".ogg",
    "audio/vorbis": ".ogg",
    "audio/opus": ".opus",
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/webm": ".weba",
    "audio/flac": ".flac",
    "audio/x-flac": ".flac",
    "audio/aac": ".aac",
    "audio/m4a": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/mp4": ".m4a",
    "audio/3gpp": ".3gp",
}
# What Python's own table lacks or names differently.
MEDIA_TYPE_OF_SUFFIX = {
    ".opus": "audio/ogg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
# Served media get their type from this table: a browser plays a clip only if its type says so.
for _suffix, _media_type in MEDIA_TYPE_OF_SUFFIX.items():
    mimetypes.add_type(_media_type, _suffix)


def media_type_of(name: str, declared: str | None) -> str | None:
    """The media type of an upload; None when it is none that Mastodon takes.

    What the client declares wins, unless it declares nothing of use.
    """
    declared = (declared or "").partition(";")[0].strip().lower()
    if declared in SUFFIXES:
        return declared
    guess = mimetypes.guess_type(name.lower())[0]
    return guess if guess in SUFFIXES else None
