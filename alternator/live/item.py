"""What one item of a stream has said so far."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Item:
    """``start`` in seconds of the stream; ``open`` once somebody spoke."""

    start: float = 0.0
    open: bool = False
    _texts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """More of it, with the space before it."""
        self._texts.append(text)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._texts).strip()
