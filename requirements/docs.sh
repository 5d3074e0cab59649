#!/usr/bin/env bash
# Makes the environment of the documentation site, once, apart from that of TFX, whose Python may be
# too old for it.
#   BRISC_DOCS_VENV=DIR   where, default .venv-docs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=docs
# shellcheck source=requirements/common.sh
. requirements/common.sh

tool_venv 'The documentation' "${BRISC_DOCS_VENV:-.venv-docs}" requirements/docs.lock 3.13 3.12 3.11
