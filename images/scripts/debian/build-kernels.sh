#!/bin/sh
# Inside a build, where build-ffmpeg.sh has left a compiler for the image's platform: compiles the
# kernels of alternator/speech/batched into /kernels, in the way of setup.py.
set -eu
here=$(dpkg --print-architecture)
target=${TARGETARCH:-$here} # of the image; amd64 and arm64 are Debian's words too
compiler=gcc
if [ "$target" != "$here" ]; then
    compiler=$(dpkg-architecture --host-arch "$target" --query DEB_HOST_GNU_TYPE)-gcc
fi
mkdir -p /kernels
cd /source
# Nothing in it tells of the build, so that two builds give the same file: no names of folders, no
# symbols but those that are called, no id.
# shellcheck disable=SC2046 # the flags are words
"$compiler" $(cat kernels.flags) -ffile-prefix-map=/source=. -shared -s -Wl,--build-id=none \
    -o /kernels/libkernels.so kernel_*.c
