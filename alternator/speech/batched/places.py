"""What the host knows of a lane's places without asking the device."""

# The attention of a step covers the longest live window, rounded up to this many positions.
LENGTH_STEP = 32


class Places:
    """How far the window of each place is, and how much sound it has.

    ``length``: the positions that a place holds. A place that was released is not live: its
    window's age makes no step longer.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._live: dict[int, int] = {}
        self._prompt: dict[int, int] = {}
        self._sound: dict[int, int] = {}
        self._whole: dict[int, bool] = {}

    def admit(self, place: int, *, prompt: int, sound: int, whole: bool) -> None:
        """A window begins with so many tokens, and so many positions of sound.

        ``whole``: all positions that there are, each of which stands for itself.
        """
        self._live[place] = self._prompt[place] = prompt
        self._sound[place], self._whole[place] = sound, whole

    def release(self, place: int) -> None:
        """Nobody wants the place's window any more."""
        self._live.pop(place, None)

    def move(self, source: int, target: int) -> None:
        """The window of one place goes on in another."""
        for known in (self._live, self._prompt, self._sound):
            known[target] = known.pop(source)
        self._whole[target] = self._whole.pop(source)

    def grow(self, n: int) -> None:
        """The first ``n`` places have a token more; a full one stays."""
        for place in self._live:
            if place < n:
                self._live[place] = min(self._live[place] + 1, self._length - 1)

    def position(self, place: int) -> int:
        """Where the next token of a live place stands."""
        return self._live[place]

    def prompt(self, place: int) -> int:
        """How many tokens the place's window began with."""
        return self._prompt[place]

    def sound(self, place: int) -> int:
        """How many positions of sound the place's window has."""
        return self._sound[place]

    def reach(self, n: int) -> int:
        """How many positions of text a step of the first ``n`` places has to look at."""
        longest = max((at for place, at in self._live.items() if place < n), default=0) + 1
        return min(self._length, -(-longest // LENGTH_STEP) * LENGTH_STEP)

    def most_sound(self, n: int) -> int:
        """The largest amount of sound of the first ``n`` places."""
        return max((self._sound[place] for place in self._live if place < n), default=1)

    def all_whole(self, n: int) -> bool:
        """Whether all positions of sound of the first ``n`` places count, and count alike."""
        return all(self._whole[place] for place in self._live if place < n)
