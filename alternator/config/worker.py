"""What an operator can configure of ``alternator worker``: ``[worker]``."""

from dataclasses import dataclass, field

from alternator.config.keys import key


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """``[worker]``: what takes posts from the queue of a cluster."""

    concurrency: int = field(
        default=4,
        metadata=key(
            "How many posts one `alternator worker` has under way at once, each in a thread. Most "
            "of them wait for an endpoint or a server.",
            minimum=1,
            maximum=100,
        ),
    )
