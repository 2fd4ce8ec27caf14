"""Whether the certificates that the environment names can be used, before anybody is asked.

requests raises an error of the operating system for a file that is missing, and OpenSSL passes over
one: then every server's certificate is refused, and nothing says why.
https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification
https://docs.openssl.org/3.0/man7/openssl-env/
"""

import ssl
from collections.abc import Mapping
from pathlib import Path

from alternator.errors import ConfigError
from probe.errors import reason_of

# requests asks for these in this order and takes the first; OpenSSL for the last.
FOR_REQUESTS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
FOR_OPENSSL = "SSL_CERT_FILE"


def check(environ: Mapping[str, str]) -> None:
    """ConfigError for a file that is named and can't be read, or holds no certificates."""
    first = next((name for name in FOR_REQUESTS if environ.get(name)), None)
    for name in filter(None, (first, FOR_OPENSSL)):
        if environ.get(name):
            _check_one(name, Path(environ[name]))


def _check_one(name: str, path: Path) -> None:
    remedy = "name a PEM file with the certificates to trust, or unset it"
    try:
        if path.is_dir() and name in FOR_REQUESTS:
            return  # of certificates by their hash, which requests hands to OpenSSL
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:  # an OSError as well
        raise ConfigError(f"{name}: {path} holds no certificates; {remedy}") from error
    except OSError as error:
        raise ConfigError(f"{name}: {path} can't be read: {reason_of(error)}; {remedy}") from error
