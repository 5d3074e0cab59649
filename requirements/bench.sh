#!/usr/bin/env bash
# Makes the environment of the peers that `make bench` measures against, once, apart from that of
# TFX. PyPI's PyTorch brings its CUDA libraries along: some gigabytes, unused here.
#   BRISC_BENCH_VENV=DIR   where, default .venv-bench
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=bench
# shellcheck source=requirements/common.sh
. requirements/common.sh

tool_venv 'The bench of peers' "${BRISC_BENCH_VENV:-.venv-bench}" requirements/bench.lock 3.13 3.12 3.11
