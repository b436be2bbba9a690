#!/usr/bin/env bash
# One database, two programs: the newest Django, in the virtual environment that ask.sh has made, beside the programs of the tests (FR_BUILD:
# build/dev). Sessions that one begins and the other ends, passwords of each hasher both ways, users, tokens, groups, permissions, tables.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
python=$PWD/build/compat-drf/venv/bin/python
[[ -x $python ]] || { printf 'dev: the newest Django is not here; ./dev compat --drf installs it\n' >&2; exit 1; }
export FR_BUILD=${FR_BUILD:-$PWD/build/dev} PYTHONPATH=$PWD/tests/system PYTHONDONTWRITEBYTECODE=1
"$python" -W ignore -m unittest -v test_sessions
exec "$python" -W ignore -m unittest -v test_users -k hash -k Tables
