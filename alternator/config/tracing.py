"""Where traces are sent to: ``[tracing]``."""

from dataclasses import dataclass, field

from alternator.config.keys import key


@dataclass(frozen=True, kw_only=True)
class TracingSettings:
    """``[tracing]``: what is done for each post, for OpenTelemetry."""

    endpoint: str | None = field(
        default=None,
        metadata=key(
            "Where traces go, by OTLP over HTTP: `http://collector:4318/v1/traces`. Default: "
            "nowhere. Needs the extra `tracing`.",
            form="url",
        ),
    )
    share: float = field(
        default=1.0,
        metadata=key("Which share of the posts is traced.", minimum=0, maximum=1),
    )
