"""A window on its way through the decoder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from alternator.speech.batched.attempts import Start
from alternator.speech.batched.hypotheses import Way
from alternator.speech.batched.ranking import Hypothesis
from alternator.speech.batched.silence import Sound
from alternator.speech.batched.token_rules import WindowRules
from alternator.speech.batched.window import Decoded, Window


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How an attempt at a window goes: what it starts with, how its tokens are chosen."""

    start: Start
    way: Way
    rules: WindowRules


@dataclass(kw_only=True, eq=False)
class Job:
    """A window, who waits for it, and how far it is.

    ``attempt`` counts the temperatures. ``audio``: its encoded sound, kept for the
    next attempt. ``language`` and ``plan`` are known before it goes into a lane.
    """

    window: Window
    on_done: Callable[[Decoded], None]
    language: str | None
    attempt: int = 0
    audio: Sound | None = None
    language_probabilities: Mapping[str, float] = field(default_factory=dict)
    plan: Plan | None = None

    @property
    def planned(self) -> Plan:
        """The plan, once there is one."""
        assert self.plan is not None, "a window is planned before it goes into a lane"
        return self.plan

    @property
    def heard(self) -> Sound:
        """The encoded sound, once there is some."""
        assert self.audio is not None, "a window is encoded before it goes into a lane"
        return self.audio


@dataclass(frozen=True, kw_only=True, eq=False)
class Heard:
    """What an attempt brought. ``attention`` as in Decoded."""

    job: Job
    hypothesis: Hypothesis
    no_speech_prob: float
    attention: Tensor | None
