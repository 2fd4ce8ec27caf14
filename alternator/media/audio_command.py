"""ffmpeg's command for the samples that Whisper hears."""

from dataclasses import dataclass
from pathlib import Path

from alternator.media.ffmpeg import GUARDS, find_ffmpeg

SAMPLE_RATE = 16_000  # Hz: the rate that Whisper was trained at
# A pause in a track is kept up to this length, in seconds; a longer one is a clock that was set.
LONGEST_PAUSE = 3 * 3600

# Sound is heard when players play it: one that starts after the picture has silence in front, one
# that pauses has it in between. ffmpeg takes a track's own times from the start of the file; of
# each piece of sound this says when it comes. Registers: 0 when the next one is due, 1 what was
# taken off the clock so far, all in samples. A piece that comes up to 0.1 s early or late follows
# the one before. Nothing is ever cut: what claims to come before the end of what was heard (pieces
# of radio in one file, say) follows too, and the clock is set by it.
# https://ffmpeg.org/ffmpeg-filters.html#setpts_002c-asetpts
TIMES = (
    "st(2,T*SR+ld(1)-ld(0));"
    f"st(3,if(lt(ld(2),-SR/10)+gt(ld(2),{LONGEST_PAUSE}*SR),"
    "st(1,ld(1)-ld(2))*0,gt(ld(2),SR/10)*ld(2)));"
    "st(4,ld(0)+ld(3));st(0,ld(4)+NB_SAMPLES);ld(4)/SR/TB"
)
# The silence itself: https://ffmpeg.org/ffmpeg-resampler.html (first_pts)
SILENCES = "aresample=first_pts=0"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is taken out of a file.

    ``track``: an audio track, from 0. ``exact``: as floating-point numbers, which need not be
    numbers; else 16 bits. ``channel``: this one alone, from 0; None: all of them mixed, or with
    ``apart`` side by side.
    """

    track: int = 0
    exact: bool = False
    channel: int | None = None
    apart: bool = False


def audio_command(path: Path, plan: Plan) -> list[str]:
    """A command that writes PCM at 16 kHz to its output, and its log at level info."""
    codec = "f32le" if plan.exact else "s16le"
    filters = [f"asetpts='{TIMES}'", SILENCES]
    if plan.channel is not None:
        filters.insert(0, f"pan=mono|c0=c{plan.channel}")
    # fmt: off
    return [
        find_ffmpeg(), "-nostdin", "-hide_banner", "-nostats",
        "-loglevel", "repeat+level+info",
        *GUARDS,
        "-i", f"file:{path}",
        "-map", f"0:a:{plan.track}", "-af", ",".join(filters),
        *(() if plan.apart else ("-ac", "1")), "-ar", str(SAMPLE_RATE),
        "-c:a", f"pcm_{codec}", "-f", codec, "pipe:1",
    ]
    # fmt: on
