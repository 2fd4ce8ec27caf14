"""What there is to know of HSA_OVERRIDE_GFX_VERSION, which makes another target of AMD's GPUs."""

from probe.finding import Finding


class HsaOverrideUsed(Finding):
    """The card runs another one's code, by a variable."""

    code = "hsa-override-used"
    says = (
        "{gfx} runs the code of {runs_as} by {variable}={value}; AMD does not support this, the "
        "proof at start decides"
    )
    gfx: str
    runs_as: str
    variable: str
    value: str


class HsaOverrideUnwanted(Finding):
    """The variable is set to what this card does not need."""

    code = "hsa-override-unwanted"
    says = "{variable}={value} is set, and {gfx} {needs}: unset it"
    variable: str
    value: str
    gfx: str
    needed: str | None

    @property
    def needs(self) -> str:
        """What the card needs instead."""
        return f"needs {self.needed}" if self.needed else "has code of its own"


class HsaOverrideUnreadable(Finding):
    """The variable is empty, or no version: HSA then finds no GPU at all."""

    code = "hsa-override-unreadable"
    says = (
        "{variable}={value} is no version, and ROCm finds no GPU by it: the bot's container goes "
        "without it; unset it for whatever else is started here"
    )
    variable: str
    value: str
