#!/usr/bin/env bash
# Makes an environment for the web page alone, once, without TensorFlow: what its container image has,
# for the test of that image.
#   BRISC_APP_VENV=DIR   where, default .venv-app
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=app
# shellcheck source=requirements/common.sh
. requirements/common.sh

tool_venv 'The web page' "${BRISC_APP_VENV:-.venv-app}" requirements/app.lock 3.13 3.12 3.11
