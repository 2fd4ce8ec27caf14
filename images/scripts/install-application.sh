#!/bin/sh
# Inside a build: makes a wheel of /source and installs it under /application, as a tree that is
# copied over the final image's root. The build tools are those that install-packages.sh left.
set -eu
/opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /tmp/dist /source
/opt/build/bin/pip --python /opt/alternator/venv/bin/python install \
    --no-deps --no-index --root /application /tmp/dist/*.whl
