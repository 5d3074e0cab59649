#!/usr/bin/env bash
# Makes the environment of Airflow 3, once, apart from that of TFX, which cannot share one with it.
#   BRISC_AIRFLOW_VENV=DIR   where, default .venv-airflow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=airflow
# shellcheck source=requirements/common.sh
. requirements/common.sh

tool_venv 'Airflow 3' "${BRISC_AIRFLOW_VENV:-.venv-airflow}" requirements/airflow-3.lock 3.13 3.12 3.11
