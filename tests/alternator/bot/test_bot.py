import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alternator.accounts.account import Account
from alternator.alt_text.writer import AltTextWriter
from alternator.bot.bot import Bot, build_bot, build_writer, downloads_of
from alternator.bot.describe import Describer
from alternator.bot.health import Health
from alternator.bot.progress import BotProgress
from alternator.config.settings import Config
from alternator.progress import SILENT
from alternator.stopping import Stop
from alternator.store.interface import Store

MakeBot = Callable[..., Any]


@pytest.fixture
def config(make_bot: MakeBot) -> Config:
    """The configuration of a bot that describes the sandbox's posts."""
    found = make_bot().config
    assert isinstance(found, Config)
    return found


@pytest.fixture
def writer(config: Config) -> AltTextWriter:
    return build_writer(config, 1500, None, SILENT)


def bot_of(account: Account, writer: AltTextWriter) -> Bot:
    health, stop = Health(server=account.health, queue=account, worker=None), Stop()
    describer = Describer(account.session(SILENT), writer, account.instance.dialect)
    return build_bot(account, describer, health, stop, BotProgress(stop))


def test_a_single_pass_says_what_it_did(
    account: Account, writer: AltTextWriter, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="alternator")
    bot_of(account, writer).run_once()
    assert caplog.messages[-1] == "done: 0 described, 0 left alone, 0 failed"


def test_a_stream_is_there_where_it_is_wanted(
    account: Account, writer: AltTextWriter, config: Config, store: Store
):
    assert bot_of(account, writer).stream is not None
    quiet = Account(dataclasses.replace(config.mastodon, user_stream=False), store)
    quiet.sign_in(quiet.session(SILENT))
    assert bot_of(quiet, writer).stream is None


def test_what_is_written_fits_into_the_servers_limit(config: Config):
    assert build_writer(config, 420, None, SILENT).limit == 420


def test_downloads_lie_beside_the_memory(config: Config, tmp_path: Path):
    assert downloads_of(config) == tmp_path / "state" / "downloads"
