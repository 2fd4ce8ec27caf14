#!/bin/sh
# Inside a build: installs an image's packages into /opt/alternator/venv, each held to the hash in
# the lock of its torch build (TORCH, WHEEL) or, without one, of the image, for this machine.
# From the wheelhouse, if the host filled one (it brings the lock that its files were held to);
# otherwise from the default index and, for torch, from TORCH_INDEX_URL. Which file is taken is the
# hashes' doing, so a further index can't change what is installed.
set -eu
build=${TORCH:+$TORCH-$WHEEL}
set -- /requirements/*"$build.$(uname -m)".lock
lock=$1
if ls /wheelhouse/*.whl > /dev/null 2>&1; then
    export PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheelhouse
    if [ -f /wheelhouse/wheels.lock ]; then lock=/wheelhouse/wheels.lock; fi
else
    if [ -n "${TORCH_INDEX_URL:-}" ]; then export PIP_EXTRA_INDEX_URL="$TORCH_INDEX_URL"; fi
    if [ -f /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle; fi
    if [ -f /run/secrets/pip_conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip_conf; fi
fi
if [ ! -f "$lock" ]; then
    echo "there is no lock of ${build:-this image} for $(uname -m) in the checkout:" \
         "'make images' makes one" >&2
    exit 1
fi
part() { sed -n "/^# \[$1\]/,/^# \[/p" "$lock" > "/tmp/$1.txt"; grep -q == "/tmp/$1.txt"; }
install() { /opt/build/bin/pip --python /opt/alternator/venv/bin/python install --no-compile "$@"; }

if part open; then
    # The lock has no hash of its torch yet. Its index tells one, which pip holds the file to; what
    # torch requires comes with it, since without its file that was not known either.
    if [ -n "${PIP_NO_INDEX:-}" ]; then
        echo "${lock##*/} has no hash of its torch: run 'make images' again" >&2
        exit 1
    fi
    torch=$(sed -n 's/^# \(torch==.*\)/\1/p' /tmp/open.txt)
    echo "${lock##*/} has no hash of $torch yet: taking the file that $TORCH_INDEX_URL serves." \
         "'make lock' completes the lock where that index can be reached." >&2
    install --only-binary :all: --index-url "$TORCH_INDEX_URL" "$torch"
fi
export PIP_REQUIRE_HASHES=1 PIP_NO_DEPS=1
part packages && install --only-binary :all: --requirement /tmp/packages.txt
if part build; then /opt/build/bin/pip install --requirement /tmp/build.txt; fi
if part source; then
    # The archive is held to its hash; the wheel that comes of it exists only here. A newer pip notes
    # that wheel's hash in the image, so it must not hold the hour of the build.
    export SOURCE_DATE_EPOCH=315532800
    /opt/build/bin/pip wheel --no-build-isolation --wheel-dir /tmp/built --requirement /tmp/source.txt
    PIP_REQUIRE_HASHES=0 install --no-index /tmp/built/*.whl
fi
rm -rf /tmp/built /tmp/packages.txt /tmp/build.txt /tmp/source.txt
