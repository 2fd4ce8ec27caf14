#!/bin/sh
# Inside a build: everything of the final image that is neither a Python package nor ours.
set -eu
. /media/settle.sh
begin_layer
place /mnt /
# Any numeric user can run the image, so the two volumes are everybody's to write.
mkdir -p /etc/alternator /var/lib/alternator/state /var/lib/alternator/models
chmod 1777 /var/lib/alternator/state /var/lib/alternator/models
# Nothing in the image may become another user, and nothing installs packages.
find / -xdev \( -type f -o -type d \) -perm /6000 -exec chmod a-s {} +
for prefix in /usr /usr/local; do
    rm -rf "$prefix"/share/python-wheels "$prefix"/lib/python3*/ensurepip \
        "$prefix"/lib/python3*/site-packages/pip "$prefix"/lib/python3*/site-packages/pip-* \
        "$prefix"/lib/python3*/site-packages/setuptools* "$prefix"/lib/python3*/site-packages/wheel*
    rm -f "$prefix"/bin/pip "$prefix"/bin/pip3*
done
end_layer
