#!/usr/bin/env bash
# Makes the environment of Airflow 3, once, apart from that of TFX, which cannot share one with it.
#   BRISC_AIRFLOW_VENV=DIR   where, default .venv-airflow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=airflow
# shellcheck source=requirements/common.sh
. requirements/common.sh

venv=${BRISC_AIRFLOW_VENV:-.venv-airflow}
stamp=$venv/brisc-setup
lock=requirements/airflow-3.lock

# The folder counts: scripts in the environment name it.
fingerprint=$({ pwd && cat requirements/bootstrap.txt "$lock"; } | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" = "$fingerprint" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

python='' lacks=''
find_python 3.13 3.12 3.11 ||
    fail "Airflow 3 needs Python 3.11, 3.12 or 3.13 here: install one and run this again. $lacks" 3

say "Airflow 3 in $venv, with $python and $lock (a minute or two the first time)"
make_venv "$venv" "$python"
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes --requirement "$lock"
# Written whole or not at all.
echo "$fingerprint" >"$stamp.new"
mv "$stamp.new" "$stamp"
say "ready after $SECONDS s"
