#!/bin/sh
# Inside a build: compiles ffmpeg from the distribution's source package and lays it under /tools,
# beside the init, with what they load and whose they are.
# It reads files of the kinds in docs/media.md, and nothing but files: a decoder that is not there
# can't be attacked, a protocol that is not there can't be abused to fetch an address from inside.
set -eu
. /scripts/apt.sh

# Containers, those of alternator/media/ffmpeg.py; then what is in them: speech, and the pictures of
# which a video's frame is described. docs/media.md says what each costs in bytes.
demuxers=aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dss,dts,dv,eac3,flac,flv,g722,gif,gsm
demuxers=$demuxers,iff,matroska,mov,mp3,mpc,mpc8,mpegps,mpegts,mpegvideo,mxf,nistsphere,ogg,rm,tak
demuxers=$demuxers,tta,voc,w64,wav,wv,xwma
audio=aac,aac_latm,ac3,alac,amrnb,amrwb,ape,cook,dca,dsd_lsbf,dsd_lsbf_planar,dsd_msbf
audio=$audio,dsd_msbf_planar,dss_sp,eac3,flac,g723_1,gsm,gsm_ms,ilbc,mlp,mp1,mp1float,mp2,mp2float
audio=$audio,mp3,mp3float,mpc7,mpc8,nellymoser,opus,ra_144,ra_288,s302m,sipr,speex,tak,truehd,tta
audio=$audio,vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice
samples=adpcm_g722,adpcm_g726,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_sbpro_2,adpcm_sbpro_3
samples=$samples,adpcm_sbpro_4,adpcm_swf,adpcm_yamaha,pcm_alaw,pcm_bluray,pcm_dvd,pcm_f32be,pcm_f32le
samples=$samples,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16be_planar,pcm_s16le,pcm_s16le_planar
samples=$samples,pcm_s24be,pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u16be,pcm_u16le,pcm_u24be
samples=$samples,pcm_u24le,pcm_u32be,pcm_u32le,pcm_u8
video=dnxhd,dvvideo,flv,gif,h263,h263i,h263p,h264,hevc,libdav1d,mjpeg,mpeg1video,mpeg2video,mpeg4
video=$video,msmpeg4v1,msmpeg4v2,msmpeg4v3,prores,rawvideo,rv10,rv20,rv30,rv40,svq1,svq3,theora,vc1
video=$video,vp6,vp6a,vp6f,vp8,vp9,wmv1,wmv2,wmv3
parsers=aac,aac_latm,ac3,amr,av1,cook,dca,dnxhd,flac,g723_1,gif,gsm,h263,h264,hevc,mjpeg,mlp
parsers=$parsers,mpeg4video,mpegaudio,mpegvideo,opus,sipr,tak,vc1,vorbis,vp3,vp8,vp9
# What Whisper hears is PCM on a pipe, as whole numbers or as what a file's floating-point numbers
# are; a frame is a PNG in a file, and select and showinfo tell where a video's shots end.
filters=aformat,anull,aresample,asetpts,format,null,pan,scale,select,showinfo
written=pcm_f32le,pcm_s16le

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
    --enable-muxer="image2,$written" --enable-encoder="png,$written" --enable-filter="$filters"
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
