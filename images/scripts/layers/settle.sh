# Inside a build, read by the scripts that put a layer of the final image in place. Between the two
# functions, whatever changes on the root gets one fixed time, so that two builds of the same files
# give the same layer. The base's files keep their times.

SETTLED=@315532800 # 1980-01-01: the first day that a zip file can tell
STARTED=/dev/shm/started

begin_layer() { touch --date='1 second ago' "$STARTED"; }

# Not on other mounts, nor on the files that the engine mounts into every step.
end_layer() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /mnt -o -path /media \
        -o -path /run -o -path /etc/hosts -o -path /etc/hostname -o -path /etc/resolv.conf \) -prune \
        -o -newer "$STARTED" -exec touch --no-dereference --date="$SETTLED" {} +
}

# place FROM TO: without the times of FROM, so that end_layer finds every file.
place() {
    mkdir -p "$2"
    cp --recursive --no-dereference --preserve=mode,links --no-target-directory "$1" "$2"
}
