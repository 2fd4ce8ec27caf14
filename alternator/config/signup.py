"""What an operator can configure of members who connect their own accounts: ``[signup]``."""

from dataclasses import dataclass, field

from alternator.config import keys

# What members may choose for themselves; docs/members.md says what each is.
CHOICES = ("language", "style", "mode", "visibilities")
MODES = ("edit", "review", "dry-run", "reply")


@dataclass(frozen=True, kw_only=True)
class SignupSettings:
    """``[signup]``: members of a server connect their accounts on a page of `alternator web`."""

    server: tuple[str, ...] = field(
        default=(),
        metadata=keys.key(
            "The server whose members may connect their accounts, or several. Default: nobody may.",
            form="url",
        ),
    )
    address: str | None = field(
        default=None,
        metadata=keys.key(
            "The address at which members reach `alternator web`: `https`, or `http` on this "
            "machine alone (127.0.0.1, localhost).",
            form="url",
        ),
    )
    key: str | None = field(
        default=None,
        repr=False,
        metadata=keys.key(
            "What members' tokens are encrypted with (`alternator members key` makes one). Several "
            "stand with spaces or newlines between them: the first encrypts, all decrypt.",
            secret=True,
        ),
    )
    most_accounts: int = field(
        default=0,
        metadata=keys.key("Most members. 0: no limit.", minimum=0, maximum=1_000_000),
    )
    posts_an_hour: int = field(
        default=0,
        metadata=keys.key(
            "Most posts of each member that are edited (or answered) in an hour; what is over it "
            "waits. 0: as `[pace] edits_per_hour`.",
            minimum=0,
            maximum=10_000,
        ),
    )
    allow: tuple[str, ...] = field(
        default=(),
        metadata=keys.key(
            "Who alone may connect, as `name@server`, or `@server` for all of one. Default: all "
            "members of `server`."
        ),
    )
    deny: tuple[str, ...] = field(
        default=(), metadata=keys.key("Who may not, as `name@server`; goes before `allow`.")
    )
    choices: tuple[str, ...] = field(
        default=CHOICES,
        metadata=keys.key(
            "What members choose for themselves: some of `language`, `style`, `mode` and "
            "`visibilities`. The rest is as configured here; `[]`: all of it.",
            choices=CHOICES,
            minimum=0,
        ),
    )
    modes: tuple[str, ...] = field(
        default=MODES[:3],
        metadata=keys.key(
            "The modes that members choose among: some of `edit`, `review`, `dry-run` and `reply`.",
            choices=MODES,
        ),
    )
    note: str | None = field(
        default=None,
        metadata=keys.key(
            "What else members read before they connect: whom to ask, what it costs."
        ),
    )
