#!/usr/bin/env bash
# Makes a Debian 13 root, once, and runs the end-to-end test in it on TFX 1.21.
# other_stack.sh starts it in namespaces of its own, so no mount of it outlives it.
set -euo pipefail
me=test-other-stack
# shellcheck source=requirements/common.sh
. requirements/common.sh

suite=trixie
packages=ca-certificates,g++,make,python3,python3-dev,python3-venv
cache=.cache/other-stack
root=$cache/root
stamp=$cache/root-is-complete

# The mirror that this machine gets Debian from; none leaves debootstrap its own default.
debian_mirror() {
    command -v apt-get >/dev/null || return 0
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        grep -m 1 -E '/debian/?$' || true
}

if [ "$(cat "$stamp" 2>/dev/null)" != "$suite $packages" ]; then
    mirror=$(debian_mirror)
    say "making a Debian 13 root in $root (some minutes, once)"
    rm -rf --one-file-system "$stamp" "$root"
    mkdir -p "$root"
    # shellcheck disable=SC2086
    debootstrap --variant=minbase --include="$packages" "$suite" "$root" $mirror \
        >"$cache/debootstrap.log" 2>&1 || {
        tail -n 20 "$cache/debootstrap.log" >&2
        fail "debootstrap failed; all it said is in $cache/debootstrap.log."
    }
    echo "$suite $packages" >"$stamp"
fi

# The network as this machine has it: names, the certificates it trusts, the settings of pip and uv.
bundle=/etc/ssl/certs/ca-certificates.crt
for file in "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" "${REQUESTS_CA_BUNDLE:-}" "$bundle"; do
    if [ -f "$file" ]; then
        cp --dereference "$file" "$root$bundle"
        break
    fi
done
home=$(awk -F: '$1 == "root" { print $6 }' "$root/etc/passwd")
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf ~/.config/pip/pip.conf ~/.config/uv/uv.toml; do
    if [ -f "$file" ]; then
        mkdir -p "$root$(dirname "${file/#"$HOME"/"$home"}")"
        cp --dereference --remove-destination "$file" "$root${file/#"$HOME"/"$home"}"
    fi
done
settings=("SSL_CERT_FILE=$bundle" "PIP_CERT=$bundle" "REQUESTS_CA_BUNDLE=$bundle")
for name in $(compgen -e); do
    case $name=${!name} in
    # Paths of this machine mean nothing in there.
    *=/* | UV_PYTHON* | UV_PROJECT*) ;;
    PIP_* | UV_* | *_proxy=* | *_PROXY=* | OPENBLAS_* | CI=*) settings+=("$name=${!name}") ;;
    esac
done

# The checkout as it stands, without what git ignores.
rm -rf "$root/src"
mkdir "$root/src"
git ls-files -z --cached --others --exclude-standard |
    tar --create --null --files-from - --ignore-failed-read |
    tar --extract --directory "$root/src" --no-same-owner

mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
say "the end-to-end test on TFX 1.21 in $root"
# uv's cache lies in the root: what it builds there is for that C library, not for this machine's.
chroot "$root" /usr/bin/env --ignore-environment \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" LANG=C.UTF-8 \
    TERM="${TERM:-dumb}" UV_CACHE_DIR=/var/cache/uv "${settings[@]}" \
    make --directory /src test-end-to-end STACK=tfx-1.21 BRISC_VENV=/opt/brisc-venv \
    PYTEST_ARGS="${PYTEST_ARGS:-}" </dev/null
