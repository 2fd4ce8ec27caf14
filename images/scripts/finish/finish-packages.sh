#!/bin/sh
# Inside a build: from the packages as installed to those of the final image.
#   finish-packages.sh VARIANT TORCH WHEEL GFX
# With FULL set, libraries that no transcription calls stay.
set -eu
python=/opt/alternator/venv/bin/python
site_packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$python" /scripts/prune.py "$site_packages" --gfx "$4" ${FULL:+--full}
"$python" /installed_torch.py --variant "$1" --torch "$2" --wheel "$3" --write /opt/alternator/variant.json
PYTHONPATH=/ "$python" /scripts/rehearse.py
"$python" /scripts/licences.py "$site_packages" /usr/share/licenses/alternator
