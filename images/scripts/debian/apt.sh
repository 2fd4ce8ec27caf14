# Inside a build, read by the scripts that install Debian packages: apt with what a site adds.
# The secrets are files that exist only while the step runs; the final image has none of this.

# setup_apt [deb-src]: apt's lists, on request with those of source packages.
setup_apt() {
    # A cache mount keeps what is downloaded; the base's hook would empty it.
    rm -f /etc/apt/apt.conf.d/docker-clean
    if [ -f /run/secrets/apt_sources ]; then
        rm -rf /etc/apt/sources.list.d
        mkdir /etc/apt/sources.list.d
        cp /run/secrets/apt_sources /etc/apt/sources.list
    fi
    if [ "${1:-}" = deb-src ]; then
        if [ -f /etc/apt/sources.list ]; then
            sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > /etc/apt/sources.list.d/source.list
        fi
        find /etc/apt/sources.list.d -name '*.sources' \
            -exec sed -i 's/^Types: deb$/Types: deb deb-src/' {} +
    fi
    apt_options=
    if [ -f /run/secrets/apt_auth ]; then
        apt_options="$apt_options -o Dir::Etc::netrc=/run/secrets/apt_auth"
    fi
    if [ -f /run/secrets/ca_bundle ]; then
        apt_options="$apt_options -o Acquire::https::CAInfo=/run/secrets/ca_bundle"
    fi
    apt update
}

# apt ARGUMENTS: apt-get with the site's options.
apt() {
    # shellcheck disable=SC2086 # the options are words
    apt-get $apt_options --quiet "$@"
}

install_debian() { DEBIAN_FRONTEND=noninteractive apt install --yes --no-install-recommends "$@"; }
