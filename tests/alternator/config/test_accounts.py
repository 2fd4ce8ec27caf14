from pathlib import Path

import pytest

from alternator.config.check import check
from alternator.config.load import load_account, load_accounts
from alternator.config.settings import Config
from alternator.errors import ConfigError

TWO = """
[vision]
api_key = "a-key-of-some-length"
model = "usual"
[mastodon]
visibilities = ["public"]

[[accounts]]
name = "work"
instance_url = "work.example"
token = "token-of-work"
[accounts.openrouter]
model = "other"
[accounts.whisper]
language = "de"

[[accounts]]
name = "home"
instance_url = "https://home.example/"
token_file = "home.token"
[accounts.mastodon]
visibilities = ["direct"]
"""


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home.token").write_text("token-of-home\n")


def load(text: str, **variables: str) -> tuple[Config, ...]:
    Path("alternator.toml").write_text(text, encoding="utf-8")
    Path("alternator.toml").chmod(0o600)
    return load_accounts(None, variables)


def test_each_account_has_what_is_usual_and_what_is_its_own():
    work, home = load(TWO)
    assert (work.account, home.account) == ("work", "home")
    assert work.mastodon.instance_url == "https://work.example"
    assert work.mastodon.access_token == "token-of-work"
    assert home.mastodon.access_token == "token-of-home"
    assert (work.vision.model, home.vision.model) == ("other", "usual")
    assert work.vision.api_key == home.vision.api_key == "a-key-of-some-length"
    assert (work.mastodon.visibilities, home.mastodon.visibilities) == (("public",), ("direct",))
    assert (work.whisper.language, home.whisper.language) == ("de", None)


def test_variables_are_for_all_and_an_accounts_own_go_before_them():
    work, home = load(TWO, ALTERNATOR_VISION_MODEL="of-all", ALTERNATOR_WHISPER_MODEL="tiny")
    assert (work.vision.model, home.vision.model) == ("other", "of-all")
    assert work.whisper.model == home.whisper.model == "tiny"


def test_a_single_account_has_no_name():
    (only,) = load("[mastodon]\ninstance_url = 'a.example'\naccess_token = 'a-token'\n")
    assert only.account == ""


ACCOUNT = "[[accounts]]\nname = 'work'\ninstance_url = 'work.example'\ntoken = 't'\n"
HERE = "alternator.toml: [[accounts]] work: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "accounts = 3",
            "alternator.toml: accounts must be tables; write [[accounts]] above the keys of each "
            "account",
        ),
        (
            "[[accounts]]\ninstance_url = 'a.example'\n",
            "alternator.toml: [[accounts]] number 1 needs a name of its own, of letters, digits "
            "and . _ -; the log and the health answer call it by that",
        ),
        (
            f"{ACCOUNT}{ACCOUNT}",
            "alternator.toml: two [[accounts]] have the name 'work'; rename one of them",
        ),
        (
            ACCOUNT + ACCOUNT.replace("work'\ni", "play'\ni"),
            "alternator.toml: [[accounts]] work and play have the same server and "
            "token; remove one of them",
        ),
        (
            f"{ACCOUNT}tokne = 'x'\n",
            f"{HERE}there is no key 'tokne' (did you mean 'token'?); rename or remove it",
        ),
        (
            f"{ACCOUNT}token_file = 'x'\n",
            f"{HERE}it has both token and token_file; keep one of the two",
        ),
        (
            ACCOUNT.replace("token = 't'\n", ""),
            f"{HERE}there is no token; write token_file with the file that `alternator accounts "
            f"login` wrote, or token",
        ),
        (
            ACCOUNT.replace("token = 't'", "token_file = 'none'"),
            f"{HERE}token_file: none can't be read: No such file or directory; name a file that "
            f"this user may read",
        ),
        (
            ACCOUNT.replace("instance_url = 'work.example'\n", ""),
            f"{HERE}instance_url is missing; write the account's server",
        ),
        (
            f"{ACCOUNT}[accounts.health]\nport = 1\n",
            f"{HERE}[accounts.health] port is of the whole bot; write it under [health]",
        ),
        (
            f"{ACCOUNT}[accounts.whisper]\nmodel = 'tiny'\n",
            f"{HERE}[accounts.whisper] model is of the whole bot; write it under [whisper]",
        ),
        (
            f"{ACCOUNT}[accounts.mastodon]\naccess_token = 'x'\n",
            f"{HERE}[accounts.mastodon] has access_token too; keep one of the two",
        ),
        (
            f"{ACCOUNT}[accounts.vision]\nmodle = 'x'\n",
            f"{HERE}[accounts.vision] has no key 'modle' (did you mean 'model'?); rename or remove "
            f"it",
        ),
        (
            f"{ACCOUNT}[accounts.vision]\nmax_tokens = 0\n",
            f"{HERE}[accounts.vision] max_tokens must be a whole number, at least 1, not 0",
        ),
        (
            f"[mastodon]\naccess_token = 'x'\n{ACCOUNT}",
            "alternator.toml: [mastodon] access_token is of one account, and there are "
            "[[accounts]]; make it one of them, or remove it",
        ),
    ],
)
def test_a_mistake_in_an_account_is_one_line_with_its_remedy(text: str, message: str):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert str(caught.value) == message


def test_a_variable_of_one_account_beside_several_is_named():
    with pytest.raises(ConfigError, match=r"^ALTERNATOR_MASTODON_ACCESS_TOKEN is of one account"):
        load(TWO, ALTERNATOR_MASTODON_ACCESS_TOKEN="a-token")


def test_what_each_account_has_of_its_own_is_shown(capsys: pytest.CaptureFixture[str]):
    load(TWO)
    lines = [" ".join(line.split()) for line in check(None, {}).lines]
    shown = lines[lines.index("[[accounts]]") :]
    place = "alternator.toml: [[accounts]]"
    assert shown == [
        "[[accounts]]",
        'name = "work"',
        f'instance_url = "https://work.example" # {place} work: instance_url',
        f'token = "***" # {place} work: token',
        "[accounts.vision]",
        f'model = "other" # {place} work: [accounts.openrouter] model',
        "[accounts.whisper]",
        f'language = "de" # {place} work: [accounts.whisper] language',
        "",
        "[[accounts]]",
        'name = "home"',
        f'instance_url = "https://home.example" # {place} home: instance_url',
        f'token = "***" # {place} home: token_file',
        "[accounts.mastodon]",
        f'visibilities = ["direct"] # {place} home: [accounts.mastodon] visibilities',
        "",
    ]
    of_all = lines[lines.index("[mastodon]") : lines.index("[modes]")]
    assert "access_token" not in " ".join(of_all)


def test_a_command_for_one_account_is_told_which():
    load(TWO)
    assert load_account("home", None, {}).account == "home"
    with pytest.raises(ConfigError, match="several accounts; name one by --account: work, home"):
        load_account(None, None, {})
    with pytest.raises(ConfigError, match="no account 'hime'; there are work, home"):
        load_account("hime", None, {})
    load("[mastodon]\ninstance_url = 'a.example'\naccess_token = 'a-token'\n")
    assert load_account(None, None, {}).mastodon.instance_url == "https://a.example"
    with pytest.raises(ConfigError, match="the one that there is has no name"):
        load_account("home", None, {})
