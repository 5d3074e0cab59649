#!/usr/bin/env bash
# Runs the end-to-end test on the stack that this machine did not choose: in an environment of its
# own where another interpreter allows that, else, for TFX 1.21, in a Debian 13 root.
# Says why and succeeds where neither can be had; but where CI runs as root, it has to be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=test-other-stack
# shellcheck source=requirements/common.sh
. requirements/common.sh

skip() {
    say "skipped: $1"
    exit 0
}

read -r mine _ <"${BRISC_VENV:-.venv}/brisc-setup"
case $mine in
tfx-1.16) other=tfx-1.21 ;;
tfx-1.21) other=tfx-1.16 ;;
esac
export STACK=$other BRISC_VENV=.venv-$other GPU=0
# What the outer `make` was told about the stack does not hold for the inner one.
unset MAKEFLAGS MAKEOVERRIDES

status=0
requirements/setup.sh || status=$?
case $status in
0) exec make test-end-to-end PYTEST_ARGS="${PYTEST_ARGS:-}" ;;
3) ;;
*) exit "$status" ;;
esac
[ "$other" = tfx-1.21 ] || skip "$other does not run on this machine."
[ "$(id -u)" = 0 ] || skip "a Debian 13 root for TFX 1.21 takes root to make."

if ! command -v debootstrap >/dev/null && command -v apt-get >/dev/null; then
    say "installing debootstrap"
    # A source of somebody else's that does not answer is no reason to give up.
    apt-get update -qq >&2 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 \
        debootstrap debian-archive-keyring >&2 || true
fi
needs='' # what is not to be had
command -v debootstrap >/dev/null || needs=debootstrap
unshare --mount --pid --fork true 2>/dev/null || needs="${needs:+$needs and }the right to mount (CAP_SYS_ADMIN)"
if [ -n "$needs" ]; then
    why="TFX 1.21 is tested in a Debian 13 root here, and making that takes $needs."
    if [ "${CI:-}" = true ]; then fail "$why"; fi
    skip "$why"
fi

# Mounts and processes of the root live in namespaces that end with this command, however it ends.
exec unshare --mount --mount-proc --pid --fork --kill-child requirements/debian_root.sh
