#!/bin/sh
# Inside a build: an empty folder that every user may write, for a volume.
#   make-volume.sh FOLDER
set -eu
. /media/settle.sh
begin_layer
mkdir -p "$1"
chmod 1777 "$1"
end_layer
