"""A file of every kind of sound and video that is said to be read, made with the host's ffmpeg.

What no program of Debian's writes is made by hand where its form is simple (AMR, DSD, NIST), and is
in ``NOT_MADE`` otherwise: of those a test only sees that their decoders are there.
"""

import random
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS = 2.0
PITCH = 440  # Hz
# The same in every file: a tone, loud enough to be found again.
TONE = ("-f", "lavfi", "-i", f"sine=frequency={PITCH}:duration={SECONDS:g},volume=4")
# Red at first, then blue.
PICTURES = (
    *("-f", "lavfi", "-i"),
    "color=red:d=1:s=352x288:r=25[a];color=blue:d=1:s=352x288:r=25[b];[a][b]concat,format=yuv420p",
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of file: its name, and what ffmpeg is told to make it.

    ``decoder``: by ffmpeg's name. ``tone``: whether the tone can be found in it again.
    ``slack``: seconds by which its length may differ from ``SECONDS``.
    """

    name: str
    decoder: str
    options: tuple[str, ...] = ()
    tone: bool = True
    slack: float = 0.15
    write: Callable[[Path], None] | None = None


def make_kind(kind: Kind, folder: Path) -> Path:
    """A file of this kind in a folder."""
    path = folder / kind.name
    if kind.write is not None:
        kind.write(path)
    else:
        sources = PICTURES if kind in VIDEOS else TONE
        both = (*PICTURES, *TONE) if kind.name in BOTH else sources
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *both, *kind.options]
        subprocess.run([*command, str(path)], check=True)
    return path


def _amr(magic: bytes, frame: int, mode: int) -> Callable[[Path], None]:
    """Frames of 20 ms with speech parameters that somebody rolled.

    https://datatracker.ietf.org/doc/html/rfc4867#section-5
    """

    def write(path: Path) -> None:
        rolled = random.Random(1)
        count = int(SECONDS * 50)
        frames = (bytes([mode << 3 | 4]) + rolled.randbytes(frame) for _ in range(count))
        path.write_bytes(magic + b"".join(frames))

    return write


def _dsf(path: Path) -> None:
    """A second of silence, as DSD has it, at 2.8224 MHz. Sony's DSF File Format Specification."""
    rate, block = 2_822_400, 4096
    samples = int(rate * SECONDS)
    blocks = -(-samples // 8 // block)
    data = b"\x69" * (blocks * block)
    form = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, rate, 1, samples, block, 0)
    body = form + struct.pack("<4sQ", b"data", 12 + len(data)) + data
    path.write_bytes(struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(body), 0) + body)


def _dff(path: Path) -> None:
    """The same in Philips' form: DSDIFF 1.5."""
    rate = 2_822_400
    data = b"\x69" * int(rate * SECONDS / 8)

    def chunk(name: bytes, content: bytes) -> bytes:
        return name + struct.pack(">Q", len(content)) + content

    sound = chunk(b"FS  ", struct.pack(">I", rate)) + chunk(
        b"CHNL", struct.pack(">H4s", 1, b"C   ")
    )
    sound += chunk(b"CMPR", b"DSD \x0enot compressed\0")
    body = b"DSD " + chunk(b"FVER", struct.pack(">I", 0x01050000))
    body += chunk(b"PROP", b"SND " + sound) + chunk(b"DSD ", data)
    path.write_bytes(chunk(b"FRM8", body))


def _nist(path: Path) -> None:
    """What corpora of speech are in: a head of 1024 bytes, then PCM."""
    command = ["ffmpeg", "-v", "error", "-nostdin", *TONE, "-ar", "16000", "-f", "s16le", "-"]
    sound = subprocess.run(command, check=True, capture_output=True).stdout
    head = (
        f"NIST_1A\n   1024\nchannel_count -i 1\nsample_rate -i 16000\nsample_n_bytes -i 2\n"
        f"sample_count -i {len(sound) // 2}\nsample_byte_format -s2 01\nsample_coding -s3 pcm\n"
        f"end_head\n"
    )
    path.write_bytes(head.encode().ljust(1024) + sound)


def _coded(name: str, decoder: str, *options: str, tone: bool = True, slack: float = 0.15) -> Kind:
    return Kind(name=name, decoder=decoder, options=options, tone=tone, slack=slack)


NARROW = ("-ar", "8000", "-ac", "1")

SOUNDS = (
    _coded("mp3.mp3", "mp3float", "-c:a", "libmp3lame"),
    _coded("mp2.mp2", "mp2float", "-c:a", "mp2"),
    _coded("adts.aac", "aac", "-c:a", "aac"),
    _coded("aac.m4a", "aac", "-c:a", "aac"),
    _coded("alac.m4a", "alac", "-c:a", "alac"),
    _coded("aac.3gp", "aac", "-c:a", "aac"),
    _coded("vorbis.ogg", "vorbis", "-c:a", "libvorbis", "-page_duration", "200000"),
    _coded("opus.opus", "opus", "-c:a", "libopus"),
    _coded("speex.ogg", "speex", "-c:a", "libspeex", "-ar", "16000"),
    _coded("flac.oga", "flac", "-c:a", "flac"),
    _coded("opus.webm", "opus", "-c:a", "libopus"),
    _coded("aac.mka", "aac", "-c:a", "aac"),
    _coded("flac.flac", "flac"),
    _coded("wave.wav", "pcm_s16le"),
    _coded("wave24.wav", "pcm_s24le", "-c:a", "pcm_s24le"),
    _coded("wave32.wav", "pcm_s32le", "-c:a", "pcm_s32le"),
    _coded("wave8.wav", "pcm_u8", "-c:a", "pcm_u8"),
    _coded("float.wav", "pcm_f32le", "-c:a", "pcm_f32le"),
    _coded("double.wav", "pcm_f64le", "-c:a", "pcm_f64le"),
    _coded("alaw.wav", "pcm_alaw", "-c:a", "pcm_alaw"),
    _coded("mulaw.wav", "pcm_mulaw", "-c:a", "pcm_mulaw"),
    _coded("adpcm_ms.wav", "adpcm_ms", "-c:a", "adpcm_ms"),
    _coded("adpcm_ima.wav", "adpcm_ima_wav", "-c:a", "adpcm_ima_wav"),
    _coded("adpcm_yamaha.wav", "adpcm_yamaha", "-c:a", "adpcm_yamaha"),
    _coded("g726.wav", "adpcm_g726", "-c:a", "g726", *NARROW),
    _coded("gsm.wav", "gsm_ms", "-c:a", "libgsm_ms", *NARROW),
    _coded("g723.wav", "g723_1", "-c:a", "g723_1", "-b:a", "6300", *NARROW),
    _coded("mp3.wav", "mp3float", "-c:a", "libmp3lame"),
    _coded("large.wav", "pcm_s16le", "-rf64", "always"),
    _coded("wave.w64", "pcm_s16le"),
    _coded("aiff.aiff", "pcm_s16be"),
    _coded("compressed.aifc", "pcm_s16le", "-c:a", "pcm_s16le", "-f", "aiff"),
    _coded("sun.au", "pcm_s16be"),
    _coded("core.caf", "pcm_s16le", "-c:a", "pcm_s16le"),
    _coded("alac.caf", "alac", "-c:a", "alac"),
    _coded("mulaw.caf", "pcm_mulaw", "-c:a", "pcm_mulaw"),
    _coded("windows.wma", "wmav2", "-c:a", "wmav2"),
    _coded("windows1.wma", "wmav1", "-c:a", "wmav1"),
    _coded("dolby.ac3", "ac3", "-c:a", "ac3"),
    _coded("dolby.eac3", "eac3", "-c:a", "eac3"),
    _coded("dts.dts", "dca", "-c:a", "dca", "-strict", "-2", "-ac", "2", "-ar", "48000"),
    _coded("truehd.mkv", "truehd", "-c:a", "truehd", "-strict", "-2", "-ar", "48000"),
    _coded("meridian.mkv", "mlp", "-c:a", "mlp", "-strict", "-2", "-ar", "48000"),
    _coded("wavpack.wv", "wavpack"),
    _coded("true.tta", "tta"),
    _coded("phone.gsm", "gsm", "-c:a", "libgsm", *NARROW),
    _coded("wide.g722", "adpcm_g722", "-c:a", "g722", "-ar", "16000"),
    _coded("creative.voc", "pcm_u8", "-c:a", "pcm_u8"),
    _coded("stream.ts", "mp2float", "-c:a", "mp2"),
    _coded("dolby.ts", "ac3", "-c:a", "ac3"),
    _coded("aac.ts", "aac", "-c:a", "aac"),
    _coded("latm.ts", "aac_latm", "-c:a", "aac", "-mpegts_flags", "latm"),
    _coded("smpte.ts", "s302m", "-c:a", "s302m", "-strict", "-2", "-ac", "2", "-ar", "48000"),
    _coded("program.mpg", "mp2float", "-c:a", "mp2", "-ar", "48000"),
    _coded("dvd.vob", "ac3", "-c:a", "ac3"),
    _coded("pcm.vob", "pcm_dvd", "-c:a", "pcm_dvd", "-ac", "2", "-ar", "48000", slack=0.3),
    _coded("mp3.flv", "mp3float", "-c:a", "libmp3lame", "-ar", "44100"),
    _coded("nellymoser.flv", "nellymoser", "-c:a", "nellymoser", "-ar", "22050", "-ac", "1"),
    _coded("speex.flv", "speex", "-c:a", "libspeex", "-ar", "16000", "-ac", "1"),
    _coded("adpcm.flv", "adpcm_swf", "-c:a", "adpcm_swf", "-ar", "22050"),
    _coded("mp3.avi", "mp3float", "-c:a", "libmp3lame"),
    _coded("pcm.mov", "pcm_s16be", "-c:a", "pcm_s16be"),
    _coded("ima.mov", "adpcm_ima_qt", "-c:a", "adpcm_ima_qt"),
    _coded("real.rm", "ra_144", "-c:a", "real_144", *NARROW),
    _coded("ac3.rm", "ac3", "-c:a", "ac3"),
    Kind(
        name="phone.amr", decoder="amrnb", tone=False, write=_amr(b"#!AMR\n", 31, 7)
    ),  # 12.2 kbit/s
    Kind(
        name="wide.amr", decoder="amrwb", tone=False, write=_amr(b"#!AMR-WB\n", 60, 8)
    ),  # 23.85 kbit/s
    Kind(name="super.dsf", decoder="dsd_lsbf_planar", tone=False, write=_dsf),
    Kind(name="super.dff", decoder="dsd_msbf", tone=False, write=_dff),
    Kind(name="corpus.sph", decoder="pcm_s16le", write=_nist),
)

VIDEOS = (
    _coded("h264.mp4", "h264", "-c:v", "libx264"),
    _coded("hevc.mp4", "hevc", "-c:v", "libx265", "-x265-params", "log-level=none"),
    _coded("vp8.webm", "vp8", "-c:v", "libvpx"),
    _coded("vp9.webm", "vp9", "-c:v", "libvpx-vp9", "-deadline", "realtime"),
    _coded("av1.mp4", "libdav1d", "-c:v", "libaom-av1", "-cpu-used", "8", "-g", "25"),
    _coded("gif.gif", "gif"),
    _coded("mpeg4.avi", "mpeg4", "-c:v", "mpeg4"),
    _coded("mpeg4.mp4", "mpeg4", "-c:v", "mpeg4"),
    _coded("mpeg1.mpg", "mpeg1video", "-c:v", "mpeg1video"),
    _coded("mpeg2.mpg", "mpeg2video", "-c:v", "mpeg2video"),
    _coded("mpeg2.ts", "mpeg2video", "-c:v", "mpeg2video"),
    _coded("mpeg2.m2v", "mpeg2video", "-c:v", "mpeg2video"),
    _coded("h263.3gp", "h263", "-c:v", "h263"),
    _coded("sorenson.flv", "flv", "-c:v", "flv"),
    _coded("wmv1.wmv", "wmv1", "-c:v", "wmv1"),
    _coded("wmv2.wmv", "wmv2", "-c:v", "wmv2"),
    _coded("ms2.avi", "msmpeg4v2", "-c:v", "msmpeg4v2"),
    _coded("ms3.avi", "msmpeg4v3", "-c:v", "msmpeg4"),
    _coded("theora.ogv", "theora", "-c:v", "libtheora", "-q:v", "8"),
    _coded("mjpeg.avi", "mjpeg", "-c:v", "mjpeg", "-strict", "-2"),
    _coded("mjpeg.mov", "mjpeg", "-c:v", "mjpeg", "-strict", "-2"),
    _coded("prores.mov", "prores", "-c:v", "prores"),
    _coded(
        "dnxhd.mxf", "dnxhd", *("-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p")
    ),
    _coded("mpeg2.mxf", "mpeg2video", "-c:v", "mpeg2video"),
    _coded("tape.dv", "dvvideo", "-s", "720x576", "-ar", "48000", "-ac", "2"),
    _coded("real1.rm", "rv10", "-c:v", "rv10"),
    _coded("real2.rm", "rv20", "-c:v", "rv20"),
    _coded("sorenson.mov", "svq1", "-c:v", "svq1", "-s", "160x128", "-pix_fmt", "yuv410p"),
    _coded("raw.avi", "rawvideo", "-c:v", "rawvideo"),
)
BOTH: frozenset[str] = frozenset({"tape.dv"})

# Decoders that no encoder of Debian's ffmpeg writes for.
NOT_MADE = frozenset(
    {
        *("adpcm_sbpro_2", "adpcm_sbpro_3", "adpcm_sbpro_4", "ape", "cook", "dsd_lsbf"),
        *("dsd_msbf_planar", "dss_sp", "h263i", "ilbc", "mp1", "mp1float", "mpc7", "mpc8"),
        *("msmpeg4v1", "pcm_bluray", "ra_288", "rv30", "rv40", "sipr", "svq3", "tak", "vc1"),
        *("vp6", "vp6a", "vp6f", "wmalossless", "wmapro", "wmavoice", "wmv3"),
    }
)
# Decoders go by one name when they are built and by another when ffmpeg lists them.
LISTED_AS = {
    "adpcm_g722": "g722",
    "adpcm_g726": "g726",
    "msmpeg4v3": "msmpeg4",
    "ra_144": "real_144",
    "ra_288": "real_288",
}
