#!/bin/sh
# Inside a build: installs an image's packages into /opt/alternator/venv.
#   install-packages.sh [TORCH_REQUIREMENT]
# From the wheelhouse, if the host filled one; otherwise torch from the index of its build and the
# rest from the default index.
set -eu
install() { /opt/build/bin/pip --python /opt/alternator/venv/bin/python install --no-compile "$@"; }

if ls /wheelhouse/*.whl > /dev/null 2>&1; then
    export PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheelhouse
    for torch in "$@"; do install "$torch"; done
else
    if [ -f /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle; fi
    for torch in "$@"; do install --index-url "$TORCH_INDEX_URL" "$torch"; done
fi
install --requirement /requirements/requirements.txt
if [ -f /requirements/requirements-no-deps.txt ]; then
    install --no-deps --requirement /requirements/requirements-no-deps.txt
fi
if [ -f /requirements/requirements-build.txt ]; then
    /opt/build/bin/pip install --requirement /requirements/requirements-build.txt
fi
