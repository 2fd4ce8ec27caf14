"""``alternator doctor``: the machine, what computes speech on its CPU, what holds decoders, and the
endpoint for pictures.

The machine is the probe's matter and is shown first, whatever becomes of the rest.
"""

import os

from probe.cli import doctor as machine_doctor

# Of the probe's own options those that look at another machine than this one, or at none.
ELSEWHERE = ("-h", "--help", "--replay", "--record")
NO_ENDPOINT = "--no-endpoint"


def main(argv: list[str]) -> int:
    """Show hardware and choice, what would make it better, and whether the endpoint answers."""
    asked = [argument for argument in argv if argument != NO_ENDPOINT]
    try:
        code = machine_doctor(asked)
    except SystemExit:
        if {"-h", "--help"} & set(argv):
            print(f"  {NO_ENDPOINT:<21} do not try the endpoint that pictures are sent to")
        raise
    names = {argument.partition("=")[0] for argument in argv}
    if code == 0 and not names.intersection(ELSEWHERE):
        from alternator.terminal import say  # a model's words are in it

        say(kernels_text().removesuffix("\n"))
        say(decoders_text().removesuffix("\n"))
        if NO_ENDPOINT not in names:
            say(endpoint_text().removesuffix("\n"))
    return code


def kernels_text() -> str:
    """What computes speech where there is no GPU."""
    from alternator.speech.batched.kernel_library import in_words

    return f"\nSpeech on a CPU\n  {in_words(os.cpu_count() or 1)}\n"


def decoders_text() -> str:
    """What holds the processes that decode pictures, sound and video."""
    from alternator.media.confined.standing import in_words

    return f"\nDecoders of media\n  {in_words()}\n"


def endpoint_text() -> str:
    """What to say of the endpoint; one request goes to it if it is configured."""
    from alternator.errors import ConfigError, VisionError

    try:
        from alternator.alt_text.trial import try_endpoint
        from alternator.config.load import load_section
        from alternator.config.models import VisionSettings
    except ModuleNotFoundError as error:
        return _section(f"not tried: the Python package {error.name!r} is not installed here")
    try:
        settings = load_section(VisionSettings)
        if not settings.enabled:
            return _section(
                "none is configured, so pictures are not described; set [vision] api_key, or "
                "base_url for an endpoint of your own"
            )
        trial = try_endpoint(settings)
    except (ConfigError, VisionError) as error:
        return _section(f"warning: {error}")
    said = f"{trial.model} says of a red disc on white: {trial.text} ({trial.tokens} tokens)"
    if trial.sees:
        return _section(f"ok: {said}")
    return _section(
        f"warning: {said}; it does not name what is on the picture, so it may not see any: set "
        f"[vision] vision_model to a model that takes pictures"
    )


def _section(text: str) -> str:
    return f"\nEndpoint for pictures\n  {text} ({NO_ENDPOINT}: it is not asked)\n"
