#!/bin/sh
# Inside a build: stubs in the place of the libraries of stubs.toml; none where FULL is set. The
# compiler comes for this step and stays in a stage that is not shipped.
set -eu
if [ -n "$FULL" ]; then exit 0; fi
. /scripts/apt.sh
setup_apt
install_debian gcc libc6-dev
python=/opt/alternator/venv/bin/python
"$python" /finish/stub.py "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
