"""What an operator can configure of the dashboard: ``[dashboard]``."""

from dataclasses import dataclass, field

from alternator.config.keys import key


@dataclass(frozen=True, kw_only=True)
class DashboardSettings:
    """``[dashboard]``: the page that a running bot serves."""

    host: str = field(
        default="127.0.0.1",
        metadata=key("Address to listen on. One that other machines reach needs a `token`."),
    )
    port: int = field(
        default=8766,
        metadata=key("Port to listen on. 0: no dashboard.", minimum=0, maximum=65535),
    )
    token: str | None = field(
        default=None,
        repr=False,
        metadata=key(
            "Who opens the dashboard must know it: 16 characters at least. Default: whoever is on "
            "this machine may open it.",
            secret=True,
        ),
    )
    names: tuple[str, ...] = field(
        default=(),
        metadata=key(
            "Names by which it is reached, beside `localhost` and addresses: `alt.example.org`."
        ),
    )
