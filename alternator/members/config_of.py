"""The configuration by which is worked for a member: the operator's, with what is the member's."""

from dataclasses import replace

from alternator.config.conduct import MessageSettings, ModeSettings, PaceSettings
from alternator.config.others import OthersSettings
from alternator.config.settings import BalanceSettings, Config
from alternator.members.choices import Choices, choices_of
from alternator.members.cipher import Cipher
from alternator.members.credentials import credentials_of, name_of
from alternator.store.cluster import Enrolled


def config_of(base: Config, entry: Enrolled, cipher: Cipher) -> Config:
    """The operator's configuration with the member's server, token and choices.

    What is the operator's own is left out: direct messages about the endpoint's credit or to one
    person, answers to others, a folder of transcripts, which nobody would delete with the account.
    KeyMismatchError where the token can't be opened.
    """
    token = credentials_of(entry, cipher).token
    choices = choices_of(entry.settings, base.signup, name_of(entry))
    config = shown_config_of(base, entry, choices)
    return replace(config, mastodon=replace(config.mastodon, access_token=token))


def shown_config_of(base: Config, entry: Enrolled, choices: Choices) -> Config:
    """The same without a token: to look at."""
    config = mastodon_of(base, entry, choices)
    descriptions = replace(config.descriptions, transcripts_directory=None)
    if choices.language is not None:
        descriptions = replace(descriptions, language=choices.language)
    if choices.style is not None:
        descriptions = replace(descriptions, style=choices.style)
    return replace(
        config,
        account=name_of(entry),
        modes=base.modes if choices.mode is None else ModeSettings(),
        descriptions=descriptions,
        pace=replace(base.pace, edits_per_hour=posts_an_hour(base)),
        messages=messages_of(base, entry),
        others=OthersSettings(),
        balance=BalanceSettings(),
        notices=(),
    )


def mastodon_of(base: Config, entry: Enrolled, choices: Choices) -> Config:
    """With the member's server, and no token."""
    mastodon = replace(base.mastodon, instance_url=entry.server, access_token="")
    if choices.mode is not None:
        mastodon = replace(mastodon, mode=choices.mode)
    if choices.visibilities is not None:
        mastodon = replace(mastodon, visibilities=choices.visibilities)
    return replace(base, mastodon=mastodon)


def posts_an_hour(base: Config) -> int:
    """How many of a member's posts are edited in an hour at most; 0: no limit."""
    limits = [most for most in (base.signup.posts_an_hour, base.pace.edits_per_hour) if most]
    return min(limits, default=PaceSettings().edits_per_hour)


def messages_of(base: Config, entry: Enrolled) -> MessageSettings:
    """Messages go to the member; a second account sends them on its own server alone."""
    messages = replace(base.messages, to=None, gpu=False)
    if entry.server != base.mastodon.instance_url:
        messages = replace(messages, access_token=None)
    return messages
