#!/bin/sh
# Inside a build: the universal image's own packages, and the locks of the builds it can install.
# A lock that the host has completed since it was committed comes before the committed one.
set -eu
python=/opt/alternator/venv/bin/python
site_packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p /opt/alternator/locks
here=$(uname -m)
cp "/requirements/universal.$here.lock" /opt/alternator/locks/universal.lock
for lock in /cpu/*."$here".lock /cuda/*."$here".lock /rocm/*."$here".lock; do
    # Not every build exists for every machine.
    if [ -f "$lock" ]; then cp "$lock" /opt/alternator/locks/; fi
done
for completed in /completed/*.lock; do
    if [ -f "$completed" ]; then cp "$completed" /opt/alternator/locks/; fi
done
printf '{"variant": "universal"}\n' > /opt/alternator/variant.json
"$python" /scripts/licences.py "$site_packages" /usr/share/licenses/alternator
# The root is read-only later. pip runs at the first start only.
"$python" -m compileall -q --invalidation-mode unchecked-hash -x '/(pip|setuptools)/' "$site_packages"
