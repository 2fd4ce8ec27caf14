import dataclasses
import re
from pathlib import Path

import pytest

from alternator.config.load import load_cluster, load_config, load_section
from alternator.config.models import WhisperSettings
from alternator.config.settings import SECTIONS, Config, HealthSettings, MediaSettings
from alternator.errors import ConfigError

EXAMPLE = Path(__file__).parents[3] / "alternator.toml.example"
ACCOUNT = {
    "ALTERNATOR_MASTODON_INSTANCE_URL": "https://social.example",
    "ALTERNATOR_MASTODON_ACCESS_TOKEN": "a-token-of-some-length",
}

# Every key that the Rust bot's file can have, with values unlike the defaults.
RUST_FILE = """
[mastodon]
instance_url = "https://social.example"
access_token = "a-token-of-some-length"
user_stream = false
backfill_count = 7
backfill_pause = 30

[openrouter]
api_key = "a-key-of-some-length"
model = "some/model"
vision_model = "some/vision-model"
vision_fallback_model = "some/other-vision-model"
text_model = "some/text-model"
text_fallback_model = "some/other-text-model"
base_url = "https://models.example/v1"
max_tokens = 300

[media]
max_size_mb = 5
max_audio_size_mb = 20
max_video_size_mb = 100
supported_formats = ["image/png", "audio/mpeg"]
resize_max_dimension = 1024

[balance]
enabled = false
threshold = 12.5
check_time = "07:30"

[logging]
level = "warn"

[whisper]
enabled = true
model = "small"
model_dir = "/models"
language = "de"
max_duration_minutes = 3
python_executable = "/usr/bin/python3"
device = "cuda"
backend = "rocm"
preload = false
"""


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and a home without a configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def write(text: str) -> Path:
    path = Path("alternator.toml")
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def error_of(text: str | None, **variables: str) -> str:
    """The message of the ConfigError that a file and variables lead to."""
    if text is not None:
        write(text)
    with pytest.raises(ConfigError) as caught:
        load_config(environ=ACCOUNT | variables)
    return str(caught.value)


def test_the_environment_alone_is_enough():
    config = load_config(environ=ACCOUNT)
    assert config.mastodon.instance_url == "https://social.example"
    assert config.mastodon.access_token == "a-token-of-some-length"
    assert not config.vision.enabled
    assert config.whisper.enabled
    assert config.notices == ()


def test_every_key_of_the_rust_bot_is_accepted():
    write(RUST_FILE)
    config = load_config(environ={})
    assert config.mastodon.user_stream is False
    assert (config.mastodon.backfill_count, config.mastodon.backfill_pause) == (7, 30)
    assert config.vision.text_fallback_model == "some/other-text-model"
    assert config.vision.max_tokens == 300
    assert config.media.supported_formats == ("image/png", "audio/mpeg")
    assert config.logging.level == "warn"
    assert config.whisper.model_dir == Path("/models")
    assert config.whisper.language == "de"
    assert (config.whisper.device, config.whisper.backend) == ("cuda", "rocm")
    assert config.whisper.python_executable == "/usr/bin/python3"
    assert config.balance.check_time
    assert config.notices == ()


def test_every_variable_of_the_rust_bot_is_accepted():
    config = load_config(
        environ=ACCOUNT
        | {
            "ALTERNATOR_MASTODON_USER_STREAM": "false",
            "ALTERNATOR_MASTODON_BACKFILL_COUNT": "7",
            "ALTERNATOR_OPENROUTER_API_KEY": "a-key-of-some-length",
            "ALTERNATOR_OPENROUTER_MAX_TOKENS": "300",
            "ALTERNATOR_BALANCE_THRESHOLD": "12.5",
            "ALTERNATOR_LOG_LEVEL": "DEBUG",
            "ALTERNATOR_MEDIA_MAX_SIZE_MB": "5",
            "ALTERNATOR_WHISPER_MODEL_DIR": "~/models",
            "ALTERNATOR_WHISPER_PRELOAD": "false",
            "ALTERNATOR_WHISPER_LANGUAGE": "auto",
        }
    )
    assert config.mastodon.user_stream is False
    assert config.mastodon.backfill_count == 7
    assert config.vision.enabled
    assert config.vision.max_tokens == 300
    assert config.balance.threshold == 12.5
    assert config.logging.level == "debug"
    assert config.media.max_size_mb == 5
    assert config.whisper.model_dir == Path.home() / "models"
    assert config.whisper.preload is False
    assert config.whisper.language is None


def test_the_environment_goes_before_the_file():
    write(RUST_FILE)
    config = load_config(environ={"ALTERNATOR_WHISPER_MODEL": "tiny"})
    assert config.whisper.model == "tiny"
    assert config.whisper.language == "de"


def test_an_empty_variable_counts_as_not_set():
    write(RUST_FILE)
    assert load_config(environ={"ALTERNATOR_WHISPER_MODEL": ""}).whisper.model == "small"


def test_secrets_come_from_files_and_are_not_shown(tmp_path: Path):
    (tmp_path / "token").write_text("token-from-a-file\n")
    (tmp_path / "key").write_text("key-from-a-file\n")
    config = load_config(
        environ={
            "ALTERNATOR_MASTODON_INSTANCE_URL": "https://social.example",
            "ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE": str(tmp_path / "token"),
            "ALTERNATOR_OPENROUTER_API_KEY_FILE": str(tmp_path / "key"),
        }
    )
    assert config.mastodon.access_token == "token-from-a-file"
    assert config.vision.api_key == "key-from-a-file"
    assert "from-a-file" not in repr(config)


def test_the_plain_variable_goes_before_the_file_variable(tmp_path: Path):
    (tmp_path / "token").write_text("token-from-a-file\n")
    variables = ACCOUNT | {"ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE": str(tmp_path / "token")}
    assert load_config(environ=variables).mastodon.access_token == "a-token-of-some-length"


def test_a_list_variable_is_separated_by_commas():
    variables = ACCOUNT | {"ALTERNATOR_MEDIA_SUPPORTED_FORMATS": "image/png, audio/ogg"}
    config = load_config(environ=variables)
    assert config.media.supported_formats == ("image/png", "audio/ogg")


def test_places_are_tried_in_their_order(tmp_path: Path):
    for folder, model in (("xdg/alternator", "medium"), ("home/.config/alternator", "large")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "alternator.toml").write_text(f'[whisper]\nmodel = "{model}"')
    assert load_config(environ=ACCOUNT).whisper.model == "large"
    with_xdg = ACCOUNT | {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert load_config(environ=with_xdg).whisper.model == "medium"
    write('[whisper]\nmodel = "small"')
    assert load_config(environ=with_xdg).whisper.model == "small"
    (tmp_path / "named.toml").write_text('[whisper]\nmodel = "tiny"')
    named = with_xdg | {"ALTERNATOR_CONFIG": str(tmp_path / "named.toml")}
    assert load_config(environ=named).whisper.model == "tiny"
    assert load_config(Path("alternator.toml"), named).whisper.model == "small"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://social.example/", "https://social.example"),
        ("social.example", "https://social.example"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_addresses_are_brought_into_one_form(given: str, kept: str):
    variables = ACCOUNT | {"ALTERNATOR_MASTODON_INSTANCE_URL": given}
    assert load_config(environ=variables).mastodon.instance_url == kept


def test_a_variable_that_looks_misspelt_is_mentioned():
    config = load_config(environ=ACCOUNT | {"ALTERNATOR_WHISPER_MODLE": "tiny"})
    assert config.notices == (
        "the variable ALTERNATOR_WHISPER_MODLE sets nothing "
        "(did you mean 'ALTERNATOR_WHISPER_MODEL'?)",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[whisper]\nmodle = 'tiny'",
            "alternator.toml: [whisper] has no key 'modle' (did you mean 'model'?); rename or "
            "remove it",
        ),
        (
            "[openrouter]\nmodel = ''",
            "alternator.toml: [openrouter] model must be the name of a model, not ''",
        ),
        (
            "[wisper]\nmodel = 'tiny'",
            "alternator.toml: there is no section [wisper] (did you mean 'whisper'?); rename or "
            "remove it",
        ),
        (
            "whisper = true",
            "alternator.toml: whisper must be a section, not a value; write [whisper] on a line "
            "of its own, and its keys below it",
        ),
        (
            "[whisper]\nenabled = 'yes'",
            "alternator.toml: [whisper] enabled must be true or false, not 'yes'",
        ),
        (
            "[whisper]\ndevice = 'gpu'",
            "alternator.toml: [whisper] device must be one of auto, cpu, cuda, rocm, mps, "
            "not 'gpu'",
        ),
        (
            "[whisper]\nmax_duration_minutes = 1.5",
            "alternator.toml: [whisper] max_duration_minutes must be a whole number, at least 0, "
            "not 1.5",
        ),
        (
            "[mastodon]\nbackfill_count = 10001",
            "alternator.toml: [mastodon] backfill_count must be a whole number from 0 to 10000, "
            "not 10001",
        ),
        (
            "[mastodon]\nvisibilities = ['public', 'friends']",
            "alternator.toml: [mastodon] visibilities must be a list of some of public, unlisted, "
            "private, direct, not ['public', 'friends']",
        ),
        (
            "[mastodon]\nvisibilities = []",
            "alternator.toml: [mastodon] visibilities must be a list of some of public, unlisted, "
            "private, direct, not []",
        ),
        (
            "[mastodon]\nbackfill_count = true",
            "alternator.toml: [mastodon] backfill_count must be a whole number from 0 to 10000, "
            "not True",
        ),
        (
            "[mastodon]\npoll_interval_seconds = nan",
            "alternator.toml: [mastodon] poll_interval_seconds must be a number from 1 to 3600, "
            "not nan",
        ),
        (
            "[whisper]\nmodel = 3",
            "alternator.toml: [whisper] model must be a string in quotation marks, not 3",
        ),
        (
            "[media]\nsupported_formats = 'image/png'",
            "alternator.toml: [media] supported_formats must be a list of strings, not 'image/png'",
        ),
        (
            "[balance]\ncheck_time = '25:00'",
            "alternator.toml: [balance] check_time must be a time of day as HH:MM, not '25:00'",
        ),
        (
            "[openrouter]\nbase_url = 'ftp://models.example'",
            "alternator.toml: [openrouter] base_url must be an address like "
            "https://social.example, not 'ftp://models.example'",
        ),
        (
            "[openrouter]\napi_key = 12345678",
            "alternator.toml: [openrouter] api_key must be a string in quotation marks, not a "
            "value of another type",
        ),
        (
            "[whisper]\nmodel = 'tiny",
            'alternator.toml is not valid TOML: Expected "\'" (at end of document); '
            "correct that line",
        ),
        (
            "[whisper]\nmodel = tiny",
            "alternator.toml is not valid TOML: Invalid value (at line 2, column 9); correct that "
            "line, where text needs quotation marks",
        ),
        (
            "[whisper]\nmodel tiny",
            "alternator.toml is not valid TOML: Expected '=' after a key in a key/value pair "
            "(at line 2, column 7); correct that line",
        ),
    ],
)
def test_a_mistake_in_the_file_is_one_line_with_its_remedy(text: str, message: str):
    assert error_of(text) == message


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("WHISPER_ENABLED", "maybe", "must be true or false, not 'maybe'"),
        (
            "MASTODON_BACKFILL_COUNT",
            "many",
            "must be a whole number from 0 to 10000, not 'many'",
        ),
        ("LOG_LEVEL", "loud", "must be one of error, warn, info, debug, trace, not 'loud'"),
        (
            "MASTODON_INSTANCE_URL",
            "http://[",
            "must be an address like https://social.example, not 'http://['",
        ),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(name: str, value: str, message: str):
    variable = f"ALTERNATOR_{name}"
    assert error_of(None, **{variable: value}) == f"{variable} {message}"


def test_a_missing_key_names_the_file_and_the_variable():
    with pytest.raises(ConfigError) as caught:
        load_config(environ={})
    assert str(caught.value) == (
        "there is no alternator.toml, and [mastodon] instance_url is not set; copy "
        "alternator.toml.example to alternator.toml and fill it in, or set "
        "ALTERNATOR_MASTODON_INSTANCE_URL"
    )
    assert caught.value.exit_code == 2
    write('[mastodon]\ninstance_url = "https://social.example"\naccess_token = ""')
    with pytest.raises(ConfigError) as caught:
        load_config(environ={})
    assert str(caught.value) == (
        "alternator.toml: [mastodon] access_token is missing; write it there or set "
        "ALTERNATOR_MASTODON_ACCESS_TOKEN or ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE"
    )


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path):
    with pytest.raises(ConfigError) as caught:
        load_config(Path("elsewhere.toml"), ACCOUNT)
    assert str(caught.value) == (
        "there is no configuration file elsewhere.toml; copy alternator.toml.example to it, or "
        "name another one with --config or ALTERNATOR_CONFIG"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path, ACCOUNT)
    assert str(caught.value) == (
        f"{tmp_path} is a directory, which a container engine makes where the file is missing; "
        f"remove it and put the configuration file in its place"
    )
    Path("alternator.toml").write_bytes(b"\xff\xfe\x00")
    assert error_of(None) == (
        "alternator.toml can't be read: it is not UTF-8 text; make it a text file that this user "
        "may read"
    )


def test_a_secret_file_that_can_not_be_read_is_named(tmp_path: Path):
    variable = "ALTERNATOR_OPENROUTER_API_KEY_FILE"
    missing = tmp_path / "missing"
    assert error_of(None, **{variable: str(missing)}) == (
        f"{variable}: {missing} can't be read: No such file or directory; name a file that this "
        f"user may read"
    )
    missing.write_text("\n")
    assert error_of(None, **{variable: str(missing)}) == (
        f"{variable}: {missing} is empty; write the secret into it"
    )


def test_a_section_can_be_had_without_an_account():
    write("[health]\nport = 9000")
    assert load_section(HealthSettings, environ={}) == HealthSettings(port=9000)
    assert load_section(WhisperSettings, environ={"ALTERNATOR_WHISPER_TASK": "translate"}).task == (
        "translate"
    )
    assert load_section(MediaSettings, environ={}) == MediaSettings()


def test_the_example_can_be_loaded_as_it_is():
    config = load_config(write(EXAMPLE.read_text(encoding="utf-8")), {})
    assert config == Config(mastodon=config.mastodon)


def test_the_example_names_every_key_with_its_default():
    text = EXAMPLE.read_text(encoding="utf-8")
    uncommented = re.sub(r"^#(?=[a-z_]+ = |    \"|\])", "", text, flags=re.MULTILINE)
    write(uncommented)
    config = load_config(environ={})
    for section, cls in SECTIONS.items():
        for field in dataclasses.fields(cls):
            assert re.search(rf"^{field.name} = ", uncommented, re.MULTILINE), field.name
        assert f"[{section}]" in text
    assert config.notices == ()
    plain = dataclasses.replace(config.vision, api_key=None, vision_model=None, text_model=None)
    assert dataclasses.replace(config, vision=plain) == Config(mastodon=config.mastodon)


SECRET = "hunter2-hunter2"


@pytest.mark.parametrize("key", ["[mastodon]\ninstance_url", "[openrouter]\nbase_url"])
@pytest.mark.parametrize(
    "address",
    [
        f"https://me:{SECRET}@social.example",
        f"me:{SECRET}@social.example",
        f"https://{SECRET}@social.example/v1",
        f"https://social.example/v1?key={SECRET}",
        f"https://social.example/v1#{SECRET}",
        f"https://me:{SECRET}@",
        f"https://me:{SECRET}@[social.example",
        f"https://me:{SECRET}@social example",
        f"ftp://me:{SECRET}@social.example",
    ],
)
def test_a_password_within_an_address_is_refused_and_not_shown(key: str, address: str):
    section, _, name = key.partition("\n")
    path = write(f'{key} = "{address}"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path, ACCOUNT if section == "[openrouter]" else {})
    assert str(caught.value).startswith(f"alternator.toml: {section} {name} must be an address")
    assert SECRET not in str(caught.value)


def test_a_file_with_a_mark_before_its_text_is_read():
    path = write("")
    path.write_bytes(b"\xef\xbb\xbf[logging]\nlevel = 'debug'\n")
    assert load_config(path, ACCOUNT).logging.level == "debug"


@pytest.mark.parametrize(
    ("text", "variables", "mentioned"),
    [
        ("[mastodon]\naccess_token = 'x'", {"ALTERNATOR_MASTODON_INSTANCE_URL": "a.example"}, True),
        ("[openrouter]\napi_key = 'x'", ACCOUNT, True),
        ("[openrouter]\napi_key = ''", ACCOUNT, False),
        ("[openrouter]\nmodel = 'x'", ACCOUNT, False),
    ],
)
def test_a_secret_that_others_can_read_is_mentioned(
    text: str, variables: dict[str, str], mentioned: bool
):
    path = write(text)
    assert load_config(path, variables).notices == ()
    path.chmod(0o644)
    notices = load_config(path, variables).notices
    assert len(notices) == mentioned
    assert all("alternator.toml holds a secret, and everybody" in notice for notice in notices)


def test_what_holds_for_all_accounts_can_be_had_without_any():
    signup = {"ALTERNATOR_SIGNUP_SERVER": "social.example/, https://other.example"}
    found = load_cluster(environ=signup | {"ALTERNATOR_PACE_EDITS_PER_HOUR": "7"})
    base, configured = found.base, found.accounts
    assert configured == ()
    assert base.signup.server == ("https://social.example", "https://other.example")
    assert base.mastodon.instance_url == "https://social.example"
    assert (base.mastodon.access_token, base.pace.edits_per_hour) == ("", 7)


def test_what_holds_for_all_accounts_has_no_account_s_token():
    found = load_cluster(environ=ACCOUNT)
    base, configured = found.base, found.accounts
    assert [one.mastodon.instance_url for one in configured] == ["https://social.example"]
    assert configured[0].mastodon.access_token and base.mastodon.access_token == ""
    write(
        '[[accounts]]\nname = "a"\ninstance_url = "a.example"\ntoken = "a-token-of-a"\n'
        '[[accounts]]\nname = "b"\ninstance_url = "b.example"\ntoken = "a-token-of-b"\n'
    )
    found = load_cluster(environ={})
    base, configured = found.base, found.accounts
    assert [one.account for one in configured] == ["a", "b"]
    assert (base.account, base.mastodon.access_token) == ("", "")


def test_an_account_that_lacks_its_token_is_missed_where_there_are_members_too():
    with pytest.raises(ConfigError, match="access_token"):
        load_cluster(
            environ={
                "ALTERNATOR_SIGNUP_SERVER": "social.example",
                "ALTERNATOR_MASTODON_INSTANCE_URL": "https://social.example",
            }
        )


@pytest.mark.parametrize("server", ['["ftp://x.example"]', '["https://me:pw@x.example"]', '"x"'])
def test_servers_of_members_are_addresses(server: str):
    with pytest.raises(ConfigError, match=r"\[signup\] server must be") as caught:
        load_cluster(write(f"[signup]\nserver = {server}"), {})
    assert "pw" not in str(caught.value)
