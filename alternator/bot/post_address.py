"""Which post a person means: by its id, or by its address in a browser."""

import re
from urllib.parse import urlsplit

from alternator.errors import ConfigError
from alternator.web.credentials import without_user

# Numbers with Mastodon, letters and numbers with GoToSocial (ULID), Akkoma (Flake) and Misskey's
# relatives; a UUID with Friendica. It becomes a part of a path, so nothing else is taken.
ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def status_id_of(post: str, *instance_urls: str) -> str:
    """The id of a post on one of the servers at these addresses, named by its id or web address.

    A web address ends with the id, whatever the software: ``/@user/ID`` (Mastodon),
    ``/@user/statuses/ID`` (GoToSocial), ``/notice/ID`` (Akkoma), ``/p/user/ID`` (Pixelfed),
    ``/notes/ID`` (Misskey). ConfigError for anything else, and for one on another server, where the
    same post has another id.
    """
    found = post.strip()
    if "://" in found:
        try:
            parts = urlsplit(found)
            own = [urlsplit(without_user(url)).netloc for url in instance_urls]
            is_own = parts.netloc.rpartition("@")[2].lower() in map(str.lower, own)
        except ValueError:
            raise ConfigError(f"{found[:200]!r} is no address of a post") from None
        if not is_own:
            raise ConfigError(
                f"{parts.netloc.rpartition('@')[2]} is another server than the account's, "
                f"{', '.join(own)}, and has ids of its own: open the post there and take that "
                f"address"
            )
        found = parts.path.rstrip("/").rpartition("/")[2]
    if not ID.fullmatch(found):
        raise ConfigError(
            f"{post[:200]!r} is no post: give its id, or its address as a browser shows it"
        )
    return found
