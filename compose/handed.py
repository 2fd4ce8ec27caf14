"""What of the operator's goes into the bot's container: variables by name, files as copies.

Compose takes the variables out of the environment it runs in, as `compose.yaml` and
`environment.yaml` name them. The files go into a volume of the stack (``compose.settings``), so
that neither their owner nor their mode on this machine matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from compose.errors import ComposeError
from compose.named_files import with_named_files
from compose.settings import SETTINGS
from images.build.site_settings import PROXIES, SECRETS
from probe.machine.operator_config import FILE_NAME

# What a variable leads to is copied under a name of its own: the bot's secrets in a file each, and
# its prompts.
FILES_OF_VARIABLES = {
    "ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE": "mastodon_access_token",
    "ALTERNATOR_VISION_API_KEY_FILE": "vision_api_key",
    # The Rust bot's name of the same.
    "ALTERNATOR_OPENROUTER_API_KEY_FILE": "openrouter_api_key",
    "ALTERNATOR_WHISPER_SERVER_TOKEN_FILE": "whisper_server_token",
    "ALTERNATOR_MESSAGES_ACCESS_TOKEN_FILE": "messages_access_token",
    "ALTERNATOR_DASHBOARD_TOKEN_FILE": "dashboard_token",
    "ALTERNATOR_DESCRIPTIONS_PROMPTS_FILE": "prompts.toml",
}
# Where certificates to trust are named, the first that is set: ours, then as requests and OpenSSL
# look for them (https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification,
# https://docs.openssl.org/3.0/man7/openssl-env/).
CA_VARIABLES = (SECRETS["ca_bundle"], "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
CA_FILE = "ca.pem"  # as ca.yaml names it
# Every file that may be handed in. One that is not is written empty: an earlier start may have
# left another.
EMPTY = dict.fromkeys((FILE_NAME, CA_FILE, *FILES_OF_VARIABLES.values()), b"")
# What makes an account without a configuration file: the two keys that have no default.
INSTANCE = "ALTERNATOR_MASTODON_INSTANCE_URL"
TOKENS = ("ALTERNATOR_MASTODON_ACCESS_TOKEN", "ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE")
# What the demo's containers call each other and themselves: never asked of a proxy.
OWN_NAMES = ("sandbox", "vision", "localhost", "127.0.0.1")
NO_PROXY_VARIABLE = "ALTERNATOR_NO_PROXY"


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What a stack's containers get. ``files`` are contents by the name they have inside.

    ``withheld`` are variables of this machine that Compose must not see, since they mean nothing in
    a container; ``notices`` are lines about them.
    """

    overlays: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()


NOTHING = Handed()


def is_account(environ: Mapping[str, str]) -> bool:
    """Whether the environment alone is a whole configuration."""
    return bool(environ.get(INSTANCE)) and any(environ.get(name) for name in TOKENS)


def for_account(environ: Mapping[str, str], config: Path | None) -> Handed:
    """For the bot on an account: the configuration, secrets, certificates, documented variables.

    ComposeError names a file that can't be read.
    """
    certificates, site = _certificates(environ), _proxies(environ)
    files = {**EMPTY, **certificates}
    if config is not None:
        copied = with_named_files(config, _content(str(config), config))
        files |= {FILE_NAME: copied.config, **copied.files}
    named_here = {name: environ[name] for name in FILES_OF_VARIABLES if environ.get(name)}
    for name, named in named_here.items():
        files[FILES_OF_VARIABLES[name]] = _content(f"{name}={named}", Path(named).expanduser())
    return replace(
        site,
        overlays=("environment", "settings", *(["ca"] if certificates else [])),
        variables={name: f"{SETTINGS}/{FILES_OF_VARIABLES[name]}" for name in named_here},
        files=files,
    )


def for_demo(environ: Mapping[str, str]) -> Handed:
    """For the demo, whose settings are its own: certificates and proxies.

    The universal image fetches torch through them.
    """
    certificates = _certificates(environ)
    spared = [environ.get(name, "").split(",") for name in ("NO_PROXY", "no_proxy")]
    names = [name.strip() for name in chain(*spared, OWN_NAMES) if name.strip()]
    return replace(
        _proxies(environ),
        overlays=("settings", "ca") if certificates else (),
        variables={NO_PROXY_VARIABLE: ",".join(dict.fromkeys(names))},
        files={**EMPTY, **certificates} if certificates else {},
    )


def is_this_machine(proxy: str) -> bool:
    """Whether a proxy's address is a loopback one."""
    try:
        host = urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _proxies(environ: Mapping[str, str]) -> Handed:
    """What is not handed on of the proxies; all others go by name."""
    names = [name for known in PROXIES for name in (known.upper(), known) if known != "no_proxy"]
    lost = [name for name in names if is_this_machine(environ.get(name, ""))]
    return Handed(
        withheld=frozenset(lost),
        notices=tuple(
            f"{name} names this machine itself, which inside a container is the container: it is "
            f"not handed on. Name the proxy by an address that containers reach."
            for name in lost
        ),
    )


def _certificates(environ: Mapping[str, str]) -> dict[str, bytes]:
    for name in CA_VARIABLES:
        if named := environ.get(name):
            path = Path(named).expanduser()
            if path.is_dir():
                raise ComposeError(
                    f"{name}={named} is a directory: name one file with all certificates in it"
                )
            content = _content(f"{name}={named}", path)
            if b"-----BEGIN" not in content:
                raise ComposeError(f"{name}={named} holds no certificates in PEM form")
            return {CA_FILE: content}
    return {}


def _content(what: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ComposeError(f"{what}: there is no such file") from None
    except IsADirectoryError:
        raise ComposeError(
            f"{what} is a directory, which a container engine makes where a file to mount is "
            f"missing; remove it and put the file in its place"
        ) from None
    except OSError as error:
        raise ComposeError(
            f"{what} can't be read: {error.strerror}; run this command as a user who may read it"
        ) from None
