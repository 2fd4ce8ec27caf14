"""What ffmpeg says in its log about a file with sound: its tracks, its length, what is wrong."""

import re
import threading
from dataclasses import dataclass
from typing import IO

# How ffmpeg says, in its log and nowhere else, that
# there is no such audio track: https://github.com/FFmpeg/FFmpeg/blob/master/fftools/ffmpeg_opt.c
NO_TRACK = "matches no streams"
# it is of none of FORMATS: https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/demux.c
FOREIGN_FORMAT = "not on whitelist"
# an MP4 lacks its index: https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/mov.c
NO_INDEX = "moov atom not found"
# the length is a guess: https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/demux.c
GUESSED_LENGTH = "Estimating duration from bitrate"
# a packet is shorter than it should be, as the last one of a file that was cut off; the first two:
# https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/demux.c, then ac3dec.c of libavcodec, and
# what AAC's reader gives for a frame without its end (aacdec.c of libavformat).
SHORT_PACKETS = (
    "Packet corrupt",
    "corrupt input packet",
    "incomplete frame",
    "Input/output error",
)
# The codec of a track, and what has none:
NO_DECODER = re.compile(r"Decoder \(codec (\w+)\) not found|Decoding requested, but no decoder")

# Who says it: one part of ffmpeg, or since 7.0 one inside another.
ADDRESS = re.compile(r"^(?:\[[^\]]* @ 0x[0-9a-f]+\] )+")
LEVEL = re.compile(r"^\[(\w+)\] (.*)", re.DOTALL)
FORMAT = re.compile(r"Input #0, ([\w,.]+), from ")
DURATION = re.compile(r"  Duration: (\d+):(\d+):(\d+\.\d+),")
TRACK = re.compile(r"  Stream #0:\d+\S*: Audio: (\w+)(.*)")
# What comes after all that is known of the file, and before the first sample.
OUTPUT = "Output #0"
# Of what comes out: a channel of 16 bits at 16 kHz has 256 kb/s, one of 32 bits 512.
RATE = re.compile(r"  Stream #0:0\S*: Audio: pcm_(s16|f32)le, .*, (\d+) kb/s")
# Sound of one channel, as a layout or as a number of channels that no layout is known of.
MONO = re.compile(r", (mono|1 channels)\b")
ERRORS_KEPT = 20


@dataclass(frozen=True, kw_only=True)
class Track:
    """One audio track: its codec by ffmpeg's name, whether it is marked as the default one."""

    codec: str
    default: bool
    mono: bool


class Log:
    """Reads ffmpeg's log as it comes and keeps what matters, however long it grows.

    ``duration_seconds`` is what the file says of itself; ``guessed``: ffmpeg guessed it from
    the size. ``channels`` is how many come out. All is whole once ``finish`` has returned; tracks,
    length and channels already when ``known`` is set: that is, before the first sample comes.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self.known = threading.Event()
        self.opened = False
        self.no_track = False
        self.foreign_format = False
        self.guessed = False
        self.short_packets = False
        self.format = ""
        self.duration_seconds: float | None = None
        self.tracks: list[Track] = []
        self.channels = 0
        self.errors: list[str] = []
        self._output = False
        self._pipe = pipe
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def no_index(self) -> bool:
        """Whether it is an MP4 whose index is missing: nothing can be found in it."""
        return any(NO_INDEX in error for error in self.errors)

    @property
    def no_decoder(self) -> bool:
        """Whether a track is there that this ffmpeg can't decode."""
        return any(NO_DECODER.search(error) for error in self.errors)

    def finish(self) -> None:
        """Waits until the log was read to its end."""
        self._thread.join()
        self._pipe.close()

    def _read(self) -> None:
        while raw := self._pipe.readline(4096):
            # Whoever wrote the line stands before its level.
            line = ADDRESS.sub("", raw.decode("utf-8", errors="replace").rstrip("\r\n"))
            if found := LEVEL.match(line):
                self._take(found[1], found[2])
        self.known.set()

    def _take(self, level: str, text: str) -> None:
        if level == "info":
            if not self.known.is_set():
                self._describe(text)
            return
        self.guessed = self.guessed or GUESSED_LENGTH in text
        self.short_packets = self.short_packets or any(part in text for part in SHORT_PACKETS)
        if level in ("error", "fatal", "panic"):
            self.no_track = self.no_track or NO_TRACK in text
            self.foreign_format = self.foreign_format or FOREIGN_FORMAT in text
            if len(self.errors) < ERRORS_KEPT:
                self.errors.append(text)

    def _describe(self, text: str) -> None:
        """A line of what the file holds."""
        if found := FORMAT.match(text):
            self.opened = True
            self.format = found[1]
        elif found := DURATION.match(text):
            hours, minutes, seconds = map(float, found.groups())
            self.duration_seconds = hours * 3600 + minutes * 60 + seconds
        elif self._output and (found := RATE.match(text)):
            self.channels = int(found[2]) // (256 if found[1] == "s16" else 512)
            self.known.set()
        elif not self._output and (found := TRACK.match(text)):
            rest = found[2]
            track = Track(
                codec=found[1], default="(default)" in rest, mono=MONO.search(rest) is not None
            )
            self.tracks.append(track)
        elif text.startswith(OUTPUT):
            self._output = True
