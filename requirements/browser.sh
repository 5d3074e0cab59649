#!/usr/bin/env bash
# Chromium for the tests of the web page, where there is none and this is root on Debian; elsewhere
# those tests say that they are skipped. CHROMIUM names another one.
set -euo pipefail
me=browser
source "$(dirname "$0")/common.sh"

if [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "no Chromium: the tests of the web page will be skipped (Debian: apt-get install chromium)"
    exit 0
fi
apt-get -qq update
apt-get -qq install --no-install-recommends --yes chromium
