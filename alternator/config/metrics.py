"""Where the roles of a cluster answer for machines: ``[metrics]``."""

from dataclasses import dataclass, field

from alternator.config.keys import key


@dataclass(frozen=True, kw_only=True)
class MetricsSettings:
    """``[metrics]``: where ``alternator bot`` and ``alternator worker`` answer for machines."""

    host: str = field(
        default="127.0.0.1",
        metadata=key(
            "Address on which `alternator bot` and `alternator worker` answer `/metrics`, "
            "`/healthz` and `/readyz`. No secrets are told there."
        ),
    )
    port: int = field(
        default=9464,
        metadata=key("Port to listen on. 0: no answers.", minimum=0, maximum=65535),
    )
