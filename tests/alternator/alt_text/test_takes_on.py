import pytest

from alternator.alt_text.takes_on import takes_on
from alternator.mastodon.entities import Attachment, AttachmentType

# Where nothing is done, where pictures are looked at, where sound is listened to, where both are.
BY_TYPE: dict[AttachmentType, tuple[bool, bool, bool, bool]] = {
    "image": (False, True, False, True),
    "gifv": (False, True, False, True),
    "audio": (False, False, True, True),
    "video": (False, True, True, True),
    "unknown": (False, False, False, False),
}


@pytest.mark.parametrize("kind", BY_TYPE)
def test_each_type_is_taken_on_by_what_can_describe_it(kind: AttachmentType):
    attachment = Attachment(id="1", type=kind, url="https://social.example/1")
    found = [
        takes_on(attachment, sees=sees, hears=hears)
        for sees, hears in ((False, False), (True, False), (False, True), (True, True))
    ]
    assert tuple(found) == BY_TYPE[kind]
