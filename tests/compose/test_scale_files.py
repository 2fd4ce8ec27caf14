import stat

import pytest

from alternator.members.cipher import Cipher
from compose.errors import ComposeError
from compose.scale_files import folder_of, forget, make_secrets, place_config


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_the_users_state(tmp_path):
    assert folder_of("p", {"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "alternator" / "p"
    assert folder_of("p", {}).parts[-4:] == (".local", "state", "alternator", "p")


def test_secrets_are_made_once_and_readable_inside_of_a_private_folder(tmp_path):
    place = make_secrets(tmp_path / "p")
    texts = {path.name: path.read_text() for path in place.iterdir()}
    assert set(texts) == {"database-password", "database-url", "dashboard-token", "signup-key"}
    password = texts["database-password"]
    assert texts["database-url"] == f"postgresql://alternator:{password}@postgres:5432/alternator"
    assert len(set(texts.values())) == 4
    Cipher(texts["signup-key"])  # ConfigError for what is no key
    assert min(len(text) for text in texts.values()) >= 32
    assert mode(place) == mode(tmp_path / "p") == 0o700
    assert {mode(path) for path in place.iterdir()} == {0o444}
    # The database has the first password for good.
    make_secrets(tmp_path / "p")
    assert {path.name: path.read_text() for path in place.iterdir()} == texts
    forget(tmp_path / "p")
    assert make_secrets(tmp_path / "p").joinpath("database-password").read_text() != password


def test_a_secret_that_got_lost_does_not_take_another_with_it(tmp_path):
    place = make_secrets(tmp_path / "p")
    url = (place / "database-url").read_text()
    (place / "database-url").unlink()
    make_secrets(tmp_path / "p")
    assert (place / "database-url").read_text() == url


def test_a_configuration_goes_with_the_files_that_it_names(tmp_path):
    (tmp_path / "work.token").write_text("token-of-work\n")
    config = tmp_path / "alternator.toml"
    config.write_text(
        '[[accounts]]\nname = "work"\ninstance_url = "https://work.example"\n'
        'token_file = "work.token"\n'
    )
    place = place_config(tmp_path / "p", config)
    assert "token-of-work" in (place / "alternator.toml").read_text()
    assert mode(place.parent) == 0o700
    # The container's user gets there by a mount of its own, and is another one.
    assert (mode(place), mode(place / "alternator.toml")) == (0o755, 0o444)
    config.write_text('[mastodon]\ninstance_url = "https://new.example"\n')
    place_config(tmp_path / "p", config)
    assert "new.example" in (place / "alternator.toml").read_text()


def test_what_can_not_be_written_is_named(tmp_path):
    (tmp_path / "p").write_text("a file")
    with pytest.raises(ComposeError, match="p: File exists"):
        make_secrets(tmp_path / "p")
