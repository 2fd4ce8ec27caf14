from alternator.accounts.pkce import Challenge


def test_the_code_is_the_one_of_the_standard():
    """https://www.rfc-editor.org/rfc/rfc7636#appendix-B"""
    challenge = Challenge(verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert challenge.code == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_each_is_another_of_the_length_that_is_asked_and_not_shown():
    first, second = Challenge(), Challenge()
    assert first.verifier != second.verifier
    assert len(first.verifier) == 43
    assert first.verifier not in repr(first)
