#!/bin/sh
# Inside a build: one environment to build in, with pip, and one to ship, without.
set -eu
. /scripts/apt.sh
setup_apt
install_debian binutils
python3 -c 'import ensurepip' 2> /dev/null || install_debian python3-venv
python3 -m venv /opt/build
python3 -m venv --without-pip /opt/alternator/venv
