#!/bin/sh
# Makes .venv with the extras named: tools/venv.sh EXTRA[,EXTRA ...]
# Does nothing where it is there already and nothing that it is made from has changed since. The extra
# `dev` comes in the versions of tools/development-requirements.txt. Needs Python 3.11; Debian and
# Ubuntu keep its venv module in a package of its own, which root gets installed.
set -eu
extras=$1
stamp=.venv/.extras-$(printf %s "$extras" | tr , -)
tools=tools/development-requirements.txt
if [ "$stamp" -nt pyproject.toml ] && [ "$stamp" -nt "$tools" ]; then exit 0; fi

python=${PYTHON:-python3.11}
if ! command -v "$python" > /dev/null; then
    echo "Python 3.11 is needed and '$python' is not here: install it (Debian 12: apt-get install" \
         "python3 python3-venv), or name it: make PYTHON=/path/to/python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip' 2> /dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null || [ "${ALTERNATOR_INSTALL:-}" = no ]; then
        echo "Python's venv module is missing. Type: sudo apt-get install python3.11-venv" >&2
        exit 1
    fi
    log=$(mktemp)
    echo "Installing python3.11-venv from this distribution's packages, for the project's .venv ..."
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        python3.11-venv; } > "$log" 2>&1 || { tail -n 5 "$log" >&2; exit 1; }
    rm "$log"
fi
if [ ! -x .venv/bin/python ]; then
    echo "Making the project's virtual environment (.venv) ..."
    "$python" -m venv .venv
fi
echo "Installing the project's tools into .venv ($extras) ..."
case ",$extras," in *,dev,*)
    if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement "$tools" 2> .venv/pip.log; then
        grep -v '^WARNING' .venv/pip.log >&2
        echo "pip could not install the development tools of $tools; its messages stand above" >&2
        exit 1
    fi ;;
esac
# compat: a plain path file instead of an import hook, which would cost every start 30 ms.
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --config-settings editable_mode=compat --editable ".[$extras]" 2> .venv/pip.log; then
    grep -v '^WARNING' .venv/pip.log >&2
    echo "pip could not install the project's tools; its messages stand above" >&2
    exit 1
fi
touch "$stamp"
