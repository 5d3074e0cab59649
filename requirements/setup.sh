#!/usr/bin/env bash
# Makes the virtual environment, once: finds a Python, picks the stack, installs its lock file.
#   STACK=tfx-1.16|tfx-1.21  forces one   (default: the one that is there, else the newest that
#   GPU=1|0                  CUDA too      this machine can run)
#   BRISC_VENV=DIR           where, default .venv
# Exits 3 where this machine cannot run the stack that was asked for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=requirements/common.sh
. requirements/common.sh

venv=${BRISC_VENV:-.venv}
stamp=$venv/brisc-setup

case ${STACK:-} in
'' | tfx-1.16 | tfx-1.21) ;;
*) fail "STACK=$STACK is not known: use tfx-1.16 or tfx-1.21." ;;
esac
case ${GPU:-} in
'' | 0 | 1) ;;
*) fail "GPU=$GPU is not known: use GPU=1, or GPU=0 to take the CUDA libraries out again." ;;
esac

lock_files() { # stack gpu
    printf 'requirements/%s.lock\n' "$1"
    if [ "$2" = 1 ]; then printf 'requirements/%s-gpu.lock\n' "$1"; fi
}

# What an environment was made from. The folder counts: scripts in it name it.
fingerprint() { # stack gpu
    local files
    mapfile -t files < <(lock_files "$1" "$2")
    { pwd && cat setup.py requirements/bootstrap.txt "${files[@]}"; } | sha256sum | cut -d' ' -f1
}

# The stamp is written last, so a set-up that was interrupted has none and is done again.
old_stack='' old_gpu='' old_print=''
if [ -f "$stamp" ]; then read -r old_stack old_gpu old_print <"$stamp"; fi
gpu=${GPU:-${old_gpu:-0}}
if [ -n "$old_stack" ] && [ "${STACK:-$old_stack}" = "$old_stack" ] && [ "$gpu" = "$old_gpu" ] &&
    [ "$old_print" = "$(fingerprint "$old_stack" "$gpu")" ] &&
    "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
    fail "TFX has no wheels for $(uname -sm): use Linux on x86_64." 3
fi
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2) || true

glibc_is() { # at least this version
    [ "$(printf '%s\n' "$1" "$glibc" | sort -V | head -n 1)" = "$1" ]
}

stacks=("$old_stack" tfx-1.21 tfx-1.16)
if [ -n "${STACK:-}" ]; then stacks=("$STACK"); fi
python='' lacks=''
for stack in "${stacks[@]}"; do
    case $stack in
    tfx-1.21) glibc_is 2.39 && find_python 3.13 3.12 3.11 && break ;;
    tfx-1.16) glibc_is 2.17 && find_python 3.10 && break ;;
    esac
done

if [ -z "$python" ]; then
    glibc_is 2.17 || fail "TFX needs glibc 2.17 or newer and here is ${glibc:-none}." 3
    if [ "${STACK:-}" = tfx-1.21 ] && ! glibc_is 2.39; then
        fail "tfx-1.21 needs glibc 2.39 or newer (Debian 13, Ubuntu 24.04) and here is $glibc: what runs here is tfx-1.16." 3
    fi
    how='with pyenv, say'
    case ${STACK:-} in
    tfx-1.16) need='tfx-1.16 needs Python 3.10' ;;
    tfx-1.21) need='tfx-1.21 needs Python 3.11, 3.12 or 3.13' ;;
    *)
        need="TFX needs Python 3.10 here (glibc $glibc is too old for its newer releases)"
        if glibc_is 2.39; then
            need='TFX needs Python 3.10 to 3.13'
            how='on Debian python3, python3-venv and python3-dev'
        fi
        ;;
    esac
    if [ -n "$lacks" ]; then
        fail "$need, and what there is of it is not complete: $lacks; install what is missing and run this again." 3
    fi
    fail "$need, and none that starts is on PATH or in ${PYENV_ROOT:-~/.pyenv}: install one ($how) and run this again." 3
fi

if ! command -v g++ >/dev/null && ! command -v c++ >/dev/null; then
    fail "No C++ compiler, which pyfarmhash is built with: install g++ and run this again."
fi

mapfile -t locks < <(lock_files "$stack" "$gpu")
for lock in "${locks[@]}"; do
    [ -f "$lock" ] || fail "$lock is missing: take it from git, or make it with \`make lock\`."
done

say "$stack in $venv, with $python and ${locks[*]} (a few minutes the first time)"
make_venv "$venv" "$python"
# TensorFlow's wheel is large and a mirror may fetch all of it before the first byte comes.
export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-300}
install() { "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" "$@"; }
install --require-hashes "${locks[@]/#/--requirement=}"
install --no-deps --no-build-isolation --editable .
# Written whole or not at all.
printf '%s %s %s\n' "$stack" "$gpu" "$(fingerprint "$stack" "$gpu")" >"$stamp.new"
mv "$stamp.new" "$stamp"
say "ready after $SECONDS s"
