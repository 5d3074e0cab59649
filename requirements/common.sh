# shellcheck shell=bash
# What the scripts here share; sourced by them.
# shellcheck disable=SC2034

say() { printf '%s: %s\n' "${me:-setup}" "$*" >&2; }

fail() { # message [exit code]
    say "$1"
    exit "${2:-1}"
}

# Prints the real interpreter behind the one that is asked, so that an activated environment,
# a shim or a link may be deleted afterwards. Exits 3 for another version, 4 with what it lacks.
probe='
import os, sys, sysconfig
if "%d.%d" % sys.version_info[:2] != sys.argv[1]:
    sys.exit(3)
python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
try:
    import ensurepip, venv
except ImportError:
    print("%s lacks its venv module (Debian: python%s-venv)" % (python, sys.argv[1]))
    sys.exit(4)
if not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")):
    print("%s lacks its C headers (Debian: python%s-dev)" % (python, sys.argv[1]))
    sys.exit(4)
print(python)
'

# Sets `python` to a complete interpreter of one of the versions; else adds what the ones that
# were found lack to `lacks`. One that does not start, as pyenv's shims may, does not count.
find_python() { # version...
    local version candidate answer status
    for version; do
        while IFS= read -r candidate; do
            status=0
            answer=$("$candidate" -I -c "$probe" "$version" 2>/dev/null </dev/null) || status=$?
            case $status in
            0)
                python=$answer
                return 0
                ;;
            4)
                case "; $lacks; " in
                *"; $answer; "*) ;;
                *) lacks="${lacks:+$lacks; }$answer" ;;
                esac
                ;;
            esac
        done < <(
            type -aP "python$version" python3 python || true
            compgen -G "${PYENV_ROOT:-$HOME/.pyenv}/versions/*/bin/python$version" || true
        )
    done
    return 1
}

# A new environment at $1 with pip and the pinned uv in it.
make_venv() { # directory python
    # Moved away before it is deleted: what an interruption leaves half deleted must not look
    # like a directory of somebody else's.
    rm -rf "$1.old"
    if [ -e "$1" ]; then
        if [ ! -f "$1/pyvenv.cfg" ] && [ -n "$(ls -A "$1")" ]; then
            fail "$1 is there and is no virtual environment: move it away or set BRISC_VENV."
        fi
        mv "$1" "$1.old"
        rm -rf "$1.old"
    fi
    mkdir -p "$1"
    touch "$1/pyvenv.cfg"
    "$2" -m venv "$1"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check \
        -r requirements/bootstrap.txt
}

# A complete environment of a tool with a lock of its own, made once.
tool_venv() { # title, directory, lock, then versions of Python
    local title=$1 venv=$2 lock=$3 stamp=$2/brisc-setup fingerprint
    shift 3
    # The folder counts: scripts in the environment name it.
    fingerprint=$({ pwd && cat requirements/bootstrap.txt "$lock"; } | sha256sum | cut -d' ' -f1)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$fingerprint" ] && "$venv/bin/python" -c '' 2>/dev/null; then
        return 0
    fi
    python='' lacks=''
    find_python "$@" || fail "$title needs one of Python $* here: install one and run this again. $lacks" 3
    say "$title in $venv, with $python and $lock (a minute or two the first time)"
    make_venv "$venv" "$python"
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes --requirement "$lock"
    # Written whole or not at all.
    echo "$fingerprint" >"$stamp.new"
    mv "$stamp.new" "$stamp"
    say "ready after $SECONDS s"
}
