#!/bin/sh
# Inside a build: makes a wheel of /source and installs it under /application, as a tree that is
# copied over the final image's root. The build tools are those that install-packages.sh left.
set -eu
export SOURCE_DATE_EPOCH=315532800 # for the zip; what the image keeps is settled with its layer
/opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /tmp/dist /source
/opt/build/bin/pip --python /opt/alternator/venv/bin/python install \
    --no-deps --no-index --no-compile --root /application /tmp/dist/*.whl
# Where the wheel was built is nobody's business, and its record changes with every build.
find /application -name direct_url.json -delete
find /application -name RECORD -exec sed -i '/direct_url.json/d' {} +
/opt/alternator/venv/bin/python -m compileall -q -s /application \
    --invalidation-mode unchecked-hash /application
mkdir -p /application/usr/share/licenses/alternator
cp /source/LICENSE /application/usr/share/licenses/alternator/
