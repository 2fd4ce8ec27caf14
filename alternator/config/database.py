"""What an operator can configure of the database: ``[database]``."""

from dataclasses import dataclass, field

from alternator.config.keys import key


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """``[database]``: where what the bot remembers is kept, if not in its own file."""

    url: str | None = field(
        default=None,
        repr=False,
        metadata=key(
            "A PostgreSQL database (14 or newer) for what the bot remembers: "
            "`postgresql://user:password@host/name`. Default: a file in `[state] directory`.",
            secret=True,
        ),
    )
    connections: int = field(
        default=10,
        metadata=key(
            "How many connections each process keeps for its own questions at most. A `bot` or a "
            "`worker` opens a few more beside them: for its lock and for the queue.",
            minimum=1,
            maximum=200,
        ),
    )


NO_DATABASE = DatabaseSettings()
