"""What keeps a picture from being decoded, within the decoder's process."""

from alternator.media.decoder.protocol import Fault


class FaultError(Exception):
    """The picture can't be shown, and why: ``fault`` for the bot, ``detail`` for its message."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(fault, detail)
        self.fault: Fault = fault
        self.detail = detail
