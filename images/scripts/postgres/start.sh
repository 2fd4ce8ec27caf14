#!/bin/sh
# The container's command: a database for Alternator in the volume, made at the first start.
# POSTGRES_PASSWORD_FILE names the file with the password of POSTGRES_USER, who owns
# POSTGRES_DATABASE. Words after it are options of postgres: -c max_connections=200.
set -eu

fail() {
    echo "alternator-postgres: $1" >&2
    exit 1
}

folder=/var/lib/postgresql
data=$folder/data
new=$folder/new
bin=/usr/lib/postgresql/$PG_MAJOR/bin
user=${POSTGRES_USER:-alternator}
database=${POSTGRES_DATABASE:-alternator}

# Only inside of the container, and only its own user, comes in without a password.
access() {
    echo 'local all postgres peer'
    echo 'host all all all scram-sha-256'
}

first_start() {
    file=${POSTGRES_PASSWORD_FILE:-}
    [ -n "$file" ] || fail "the first start needs POSTGRES_PASSWORD_FILE, the file with $user's password"
    password=$(cat "$file") || fail "$file can't be read by user $(id -u); let it be readable for that user"
    [ -n "$password" ] || fail "$file is empty; write $user's password into it"
    # What a start left that was cut short; only a whole one gets its place.
    rm -rf "$new"
    "$bin/initdb" --pgdata="$new" --username=postgres --auth=reject --encoding=UTF8 \
        --locale=C.UTF-8 --data-checksums > /dev/null
    access > "$new/pg_hba.conf"
    "$bin/pg_ctl" --pgdata="$new" --wait --silent --options="-c listen_addresses='' -c unix_socket_directories=$PGHOST" \
        --log=/tmp/first-start start || { cat /tmp/first-start >&2; fail 'the new database does not start'; }
    # In the environment, and not among words that other processes could read.
    PASSWORD=$password "$bin/psql" --quiet --no-psqlrc --set ON_ERROR_STOP=1 \
        --set user="$user" --set database="$database" --dbname postgres <<'SQL'
\set password `printf %s "$PASSWORD"`
CREATE ROLE :"user" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"user";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
    "$bin/pg_ctl" --pgdata="$new" --wait --silent --mode=fast stop
    mv "$new" "$data"
}

[ -w "$folder" ] || fail "$folder is not writable for user $(id -u); give the volume to that user"
[ -f "$data/PG_VERSION" ] || first_start
found=$(cat "$data/PG_VERSION")
[ "$found" = "$PG_MAJOR" ] || fail "the volume is of PostgreSQL $found, and this is $PG_MAJOR; \
dump it with an image of $found and load it into a new volume (docs/database.md)"
exec "$bin/postgres" -D "$data" -c listen_addresses='*' -c unix_socket_directories="$PGHOST" "$@"
