#!/bin/sh
# Inside a build: copies trees into the final image.
#   place.sh FROM TO [FROM TO]...
set -eu
. /media/settle.sh
begin_layer
while [ $# -gt 0 ]; do
    place "$1" "$2"
    shift 2
done
end_layer
