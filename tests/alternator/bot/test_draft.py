from alternator.bot.draft import SpeechNeededError


def test_it_says_what_has_to_be_transcribed():
    error = SpeechNeededError(key for key in ("51", "52"))
    assert error.attachment_ids == ("51", "52")
    assert str(error) == "attachments 51, 52 have to be transcribed"
