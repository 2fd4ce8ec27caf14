#!/bin/sh
# Inside a build: Debian's PostgreSQL and the user it runs as, and nothing that lets one become
# another.
set -eu
version=$1
user=$2
. /scripts/apt.sh
# Before the package makes one with whichever number is free: volumes keep the number.
groupadd --system --gid "$user" postgres
useradd --system --uid "$user" --gid postgres --home-dir /var/lib/postgresql \
    --shell /usr/sbin/nologin postgres
# What a site adds to apt stays out of the image.
cp -a /etc/apt /tmp/apt
setup_apt
# The package would start a cluster of its own.
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
install_debian "postgresql-$version"
# Compiled queries pay for reports, not for ours, and take 150 MB. Without the library PostgreSQL does
# without it (provider_init in https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/jit/jit.c).
rm -rf "/usr/lib/postgresql/$version/lib/bitcode" "/usr/lib/postgresql/$version"/lib/llvmjit* \
    /usr/lib/*/libLLVM* /usr/lib/llvm-*
rm -rf /etc/apt
mv /tmp/apt /etc/apt
rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/*.log /var/lib/postgresql/*
mkdir -p /var/lib/postgresql
chown postgres:postgres /var/lib/postgresql
chmod 0700 /var/lib/postgresql
find / -xdev \( -type f -o -type d \) -perm /6000 -exec chmod a-s {} +
