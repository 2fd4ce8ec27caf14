#!/bin/sh
# Inside a build: compiles ffmpeg from the distribution's source package and lays it under /tools,
# beside the init, with what they load and whose they are.
# It reads what Mastodon serves, and nothing but files: a decoder that is not there can't be
# attacked, a protocol that is not there can't be abused to fetch an address from inside.
set -eu
. /scripts/apt.sh

# Containers, then what is in them: speech, and the pictures of which a video's frame is described.
demuxers=aac,avi,flac,gif,matroska,mov,mp3,ogg,wav
audio=aac,alac,flac,mp3,mp3float,opus,vorbis
samples=pcm_alaw,pcm_f32le,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8
video=gif,h264,hevc,libdav1d,vp8,vp9
parsers=aac,av1,flac,gif,h264,hevc,mpegaudio,opus,vorbis,vp8,vp9
# What Whisper hears is PCM on a pipe; a frame is a PNG in a file.
filters=aformat,anull,aresample,format,null,scale

setup_apt deb-src
here=$(dpkg --print-architecture)
target=${TARGETARCH:-$here} # of the image; amd64 and arm64 are Debian's words too
tools="dpkg-dev make nasm pkg-config xz-utils"
if [ "$target" = "$here" ]; then
    # shellcheck disable=SC2086 # the tools are words
    install_debian $tools gcc libc6-dev libdav1d-dev tini zlib1g-dev
    set --
else
    install_debian dpkg-dev
    machine=$(dpkg-architecture --host-arch "$target" --query DEB_HOST_GNU_TYPE)
    dpkg --add-architecture "$target"
    apt update
    # shellcheck disable=SC2086
    install_debian $tools "gcc-$(echo "$machine" | tr _ -)" \
        "libc6-dev:$target" "libdav1d-dev:$target" "tini:$target" "zlib1g-dev:$target"
    export PKG_CONFIG_LIBDIR="/usr/lib/$machine/pkgconfig"
    set -- --enable-cross-compile --target-os=linux --arch="${machine%%-*}" \
        --cross-prefix="$machine-" --pkg-config=pkg-config
fi
cd /tmp
apt source --download-only ffmpeg
version=$(sed -n 's/^Version: //p' ffmpeg_*.dsc | head -n 1)
dpkg-source --no-check --extract ffmpeg_*.dsc source
cd source
./configure "$@" --prefix=/usr \
    --disable-everything --disable-autodetect --disable-network --disable-doc --disable-debug \
    --disable-avdevice --disable-postproc --disable-ffplay --disable-ffprobe \
    --enable-libdav1d --enable-zlib \
    --enable-protocol=file,pipe --enable-demuxer="$demuxers" \
    --enable-decoder="$audio,$samples,$video" --enable-parser="$parsers" \
    --enable-muxer=image2,pcm_s16le --enable-encoder=pcm_s16le,png --enable-filter="$filters"
make --jobs="$(nproc)" ffmpeg
"${machine:+$machine-}strip" --strip-unneeded ffmpeg

libraries=/usr/lib/$(dpkg-architecture --host-arch "$target" --query DEB_HOST_MULTIARCH)
licences=/tools/usr/share/licenses/alternator
mkdir -p /tools/usr/bin "/tools$libraries" "$licences/ffmpeg" "$licences/libdav1d6" "$licences/tini"
cp ffmpeg /usr/bin/tini /tools/usr/bin/
cp -L "$libraries/libdav1d.so.6" "/tools$libraries/"
cp COPYING.LGPLv2.1 debian/copyright "$licences/ffmpeg/"
cp /usr/share/doc/libdav1d6/copyright "$licences/libdav1d6/"
cp /usr/share/doc/tini/copyright "$licences/tini/"
# What dpkg in the final image does not know of, for the bill of materials: package, version.
mkdir -p /tools/opt/alternator
{
    echo "ffmpeg $version"
    dpkg-query --show --showformat='${Package} ${Version}\n' "libdav1d6:$target" "tini:$target"
} > /tools/opt/alternator/tools.txt
