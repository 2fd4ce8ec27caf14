#!/bin/sh
# Inside a build: makes a wheel of /source and installs it under /application, as a tree that is
# copied over the final image's root. The build tools are those that install_packages.py left. This
# runs at every change of the code: setuptools is called where pip would start it, and pip is started
# once, in the environment that it installs into.
set -eu
python=/opt/alternator/venv/bin/python
export SOURCE_DATE_EPOCH=315532800 # for the zip; what the image keeps is settled with its layer
cd /source
cp /kernels/libkernels.so alternator/speech/batched/
/opt/build/bin/python -c 'from setuptools import build_meta; build_meta.build_wheel("/tmp/dist")'
cd /
"$python" /opt/build/lib/python3*/site-packages/pip install \
    --no-deps --no-index --no-compile --root /application /tmp/dist/*.whl
# Where the wheel was built is nobody's business, and its record changes with every build.
find /application -name direct_url.json -delete
find /application -name RECORD -exec sed -i '/direct_url.json/d' {} +
# Without the columns of each instruction, which are 0.22 MB; a traceback's lines stay.
# https://docs.python.org/3.11/using/cmdline.html#cmdoption-X
"$python" -X no_debug_ranges -m compileall -q -s /application --invalidation-mode unchecked-hash /application
mkdir -p /application/usr/share/licenses/alternator
cp /source/LICENSE /application/usr/share/licenses/alternator/
