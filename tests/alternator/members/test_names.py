from alternator.alt_text.prompts import table
from alternator.members.names import language_names


def test_every_language_that_there_are_texts_in_has_a_name():
    names = language_names()
    assert set(names) == set(table())
    assert [code for code, name in names.items() if name == code] == []
    assert list(names.values()) == sorted(names.values(), key=str.casefold)
