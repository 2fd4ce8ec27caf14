"""What ffmpeg's log and the file's end say of a decoded file: an error, a note, or nothing."""

from pathlib import Path

from alternator.errors import MediaError, NoAudioError
from alternator.media.audio_log import Log
from alternator.media.audio_run import Run
from alternator.media.cut_off import ending_of

# A length in a header and what is decoded differ by some frames.
WHOLE_ENOUGH_SECONDS = 0.5
WHOLE_ENOUGH_SHARE = 0.02
# Formats whose length is that of the sound, counted in samples: less is less, errors or not.
COUNTED = {"flac", "tta", "wv", "ape", "mp3", "aiff", "au", "w64", "wav"}
# Formats that say nothing of their length: a short last packet is all there is to tell by.
UNCOUNTED = {"aac", "ac3", "eac3", "amr", "dts", "mpeg", "mpegts", "gsm", "mpegvideo"}


def check_opened(path: Path, file: Path, log: Log, track: int | None) -> None:
    """Raise what is wrong with a file before anything is decoded of it."""
    reason = _reason(log)
    if not log.opened:
        if log.no_index:
            raise MediaError(f"{path}: is cut off or damaged{reason}; copy or download it again")
        raise MediaError(f"{path}: is not audio or video that can be read{reason}")
    if not log.tracks:
        raise NoAudioError(f"{path}: has no audio track, so there is no speech to write down")
    count = len(log.tracks)
    if track is not None and not 0 <= track < count:
        are = (
            "is 1 audio track, number 0"
            if count == 1
            else f"are {count} audio tracks, 0 to {count - 1}"
        )
        raise MediaError(f"{path}: has no audio track {track}; there {are}")


def remarks(path: Path, file: Path, run: Run, seconds: float) -> tuple[str, ...]:
    """Notes about a file of which so much was decoded. Raises where that is nothing."""
    log = run.log
    exit_code = run.exit_code
    if not seconds:
        if exit_code or log.errors or ending_of(file).missing:
            raise _nothing(path, run)
        raise NoAudioError(f"{path}: its audio track is empty")
    notes = []
    cut = _cut_off(file, log, seconds)
    if cut is not None:
        notes.append(cut)
    elif run.stalled:
        notes.append(f"The file is damaged after {seconds:.1f} s: ffmpeg found nothing more in it.")
    elif exit_code:
        notes.append(f"The file is damaged; {seconds:.1f} s of it could be decoded{_reason(log)}.")
    if run.no_numbers:
        share = run.no_numbers / (seconds * 16_000)
        notes.append(f"{share:.2%} of its samples are no numbers; they were taken as silence.")
    return tuple(notes)


def _nothing(path: Path, run: Run) -> MediaError:
    """Why nothing could be decoded."""
    log = run.log
    reason = _reason(log)
    if log.no_decoder:
        codec = log.tracks[run.plan.track].codec
        return MediaError(
            f"{path}: its audio track can't be decoded here{reason}; convert the file first, for "
            f"example to mp3 (its sound is {codec})"
        )
    return MediaError(
        f"{path}: is cut off or damaged, nothing could be decoded{reason}; copy or download it "
        f"again"
    )


def _reason(log: Log) -> str:
    return f" (ffmpeg: {log.errors[0]})" if log.errors and not log.foreign_format else ""


def _cut_off(file: Path, log: Log, seconds: float) -> str | None:
    """A note where the end of the file is missing."""
    announced = None if log.guessed else log.duration_seconds
    slack = WHOLE_ENOUGH_SECONDS
    if announced is not None:
        slack = max(slack, WHOLE_ENOUGH_SHARE * announced)
    short = announced is not None and seconds < announced - slack
    formats = set(log.format.split(","))
    ending = ending_of(file)
    if ending.missing:
        missing = True
    elif short:
        missing = bool(log.errors) or bool(formats & COUNTED)
    else:
        missing = log.short_packets and bool(formats & UNCOUNTED)
    if not missing:
        return None
    if short:
        return f"The file is cut off after {seconds:.1f} of {announced:.1f} s."
    if ending.share is not None:
        # Sound takes as much room at the end as at the beginning, or nearly.
        whole = seconds / ending.share
        if whole - seconds < WHOLE_ENOUGH_SECONDS:
            return None
        return f"The file is cut off after {seconds:.1f} of about {whole:.1f} s."
    return f"The file is cut off after {seconds:.1f} s."
