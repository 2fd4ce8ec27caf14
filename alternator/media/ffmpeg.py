"""ffmpeg as it may be used on somebody else's file: where it is, and what it may open."""

import shutil

from alternator.errors import DecoderError

# Demuxers that read one file, by their names in ffmpeg. images/scripts/debian/build-ffmpeg.sh
# builds these and no others. Left out on purpose: hls, dash, concat, imf, image2 and the others
# that open what the file names. https://ffmpeg.org/ffmpeg-formats.html#Demuxers
FORMATS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dss,dts,dv,eac3,flac,flv,g722,gif,gsm,"
    "iff,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nistsphere,"
    "ogg,rm,tak,tta,voc,w64,wav,wv,xwma"
)

# Before ``-i``: nothing is opened but files, and of them only what is read by one of FORMATS.
GUARDS = ("-protocol_whitelist", "file", "-format_whitelist", FORMATS)


def find_ffmpeg() -> str:
    """Where ffmpeg is. DecoderError if there is none."""
    found = shutil.which("ffmpeg")
    if found is None:
        raise DecoderError(
            "ffmpeg is not installed, and no audio or video can be decoded without it; install it "
            "(Debian and Ubuntu: apt-get install ffmpeg) or use the container image"
        )
    return found
