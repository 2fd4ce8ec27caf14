"""What is done with a text, by who may see its post."""

from alternator.config.conduct import Mode, ModeSettings
from alternator.mastodon.entities import VISIBILITIES, Visibility


class Modes:
    """The mode for each audience; ``usual`` where ``by_audience`` says nothing."""

    def __init__(self, usual: Mode = "edit", by_audience: ModeSettings | None = None) -> None:
        told = by_audience or ModeSettings()
        self._modes: dict[Visibility, Mode] = {
            "public": told.public or usual,
            "unlisted": told.unlisted or usual,
            "private": told.private or usual,
            "direct": told.direct or usual,
        }

    def of(self, audience: Visibility) -> Mode:
        """The mode for posts that these people see."""
        return self._modes[audience]

    def edits(self, audience: Visibility) -> bool:
        """Whether such posts are edited in the end."""
        return self.of(audience) in ("edit", "review")

    @property
    def ever_edits(self) -> bool:
        """Whether any post is edited, whoever sees it."""
        return any(map(self.edits, VISIBILITIES.values()))

    def audiences(self, mode: Mode) -> tuple[Visibility, ...]:
        """Whose posts have this mode."""
        return tuple(audience for audience, found in self._modes.items() if found == mode)
