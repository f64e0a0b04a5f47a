# Sourced by tools/run and tools/test: puts the Debian packages in place that a step needs.

build_packages="gcc libc6-dev binutils meson ninja-build pkgconf python3
                liburing-dev libxxhash-dev libmimalloc-dev"

# Redis comes with redis-tools, whose redis-check-rdb is the server when it is called by that name:
# the package redis-server would start a service on port 6379.
test_packages="libcriterion-dev clang-14 libclang-rt-14-dev redis-tools util-linux
               python3-pytest python3-pytest-xdist python3-pytest-timeout python3-hypothesis
               python3-redis"

# need_packages NAME...: installs those that are missing, or says which ones to install.
need_packages() {
    local missing=() name root=()
    if ! command -v dpkg-query >/dev/null; then
        echo "This is not a Debian system; needed here are what Debian 12 calls:" "$@" >&2
        return 0
    fi
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed ||
            missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Missing packages, and neither root nor sudo to install them. As root, run:" >&2
            echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
            return 1
        fi
        root=(sudo)
    fi
    echo "Installing: ${missing[*]}" >&2
    "${root[@]}" apt-get update -q >&2 || return 1
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}
