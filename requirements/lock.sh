#!/usr/bin/env bash
# Makes the lock files from setup.py and the .in files. Pins that still fit stay; UPGRADE=1 takes the newest of all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=lock
# shellcheck source=requirements/common.sh
. requirements/common.sh

tools=.cache/lock
python='' lacks=''
find_python 3.13 3.12 3.11 3.10 || fail "No Python 3.10 to 3.13 found: install one. $lacks"
make_venv "$tools" "$python"

compile() { # output, source, then options
    local output=$1 source=$2
    shift 2
    "$tools/bin/uv" pip compile "$source" --quiet --generate-hashes --no-emit-index-url \
        --custom-compile-command 'make lock' ${UPGRADE:+--upgrade} --output-file "$output" "$@"
}

lock() { # stack, then options
    local base=requirements/$1.lock gpu=requirements/$1-gpu.lock all=$tools/$1.lock
    shift
    say "$base, $gpu"
    compile "$base" setup.py --extra dev "$@"
    # The CUDA libraries alone, to be installed on top of the first file: what the complete list
    # has more. The lines in common are the same ones, for the first file's pins bind here.
    compile "$all" setup.py --extra dev --extra gpu --constraint "$base" --no-annotate "$@"
    {
        echo "# Made by 'make lock': what tensorflow[and-cuda] adds to ${base##*/}."
        grep -vxF -f "$base" "$all" | grep -v '^#'
    } >"$gpu"
}

lock_tool() { # name, then options
    say "requirements/$1.lock"
    compile "requirements/$1.lock" "requirements/$1.in" --universal "${@:2}"
}

lock tfx-1.16 --python-version 3.10 --python-platform x86_64-manylinux2014
# One file for three Pythons, with markers where they differ.
lock tfx-1.21 --python-version 3.11 --universal
# Tools with an environment of their own.
lock_tool dvc --python-version 3.10
lock_tool airflow-3 --python-version 3.11
lock_tool docs --python-version 3.11
lock_tool bench --python-version 3.11
lock_tool app --python-version 3.11
