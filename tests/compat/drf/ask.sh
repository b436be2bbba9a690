#!/usr/bin/env bash
# Asks Django REST framework what inputs.py says, in a virtual environment of its own, and writes the answers over
# tests/compat/kinds.jsonl: `git diff` tells what has changed. `./dev compat drf-` plays them. PYTHON: the one to use, 3.12 or
# later (Python's own words differ by version: the recorded ones are those of 3.13).
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
home=../../../build/compat-drf
die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

python=${PYTHON:-}
for name in python3.13 python3.14 python3.12; do
    [[ -n $python ]] || ! "$name" --version >/dev/null 2>&1 || python=$name
done
[[ -n $python ]] || die "no Python of 3.12 or later is here, which the newest Django needs; name one by PYTHON=…"

mkdir -p "$home"
if ! cmp -s requirements.txt "$home/installed.txt"; then
    "$python" -m venv "$home/venv" || die "$python makes no virtual environment (Debian: python3-venv)"
    "$home/venv/bin/pip" install -q -r requirements.txt || die "pip could not install requirements.txt: see that it reaches its index"
    cp requirements.txt "$home/installed.txt"
fi
rm -f "$home/kinds.db"
# A set of Python has no order of its own: DRF takes one of several types that match equally well.
PYTHONHASHSEED=0 KINDS_DB=$home/kinds.db "$home/venv/bin/python" record.py ../kinds.sql ../kinds-fixture.sql "$home/kinds.jsonl" 2>"$home/errors.txt" ||
    die "the answers could not be recorded: $(tail -n 3 "$home/errors.txt")"
changed=$(diff ../kinds.jsonl "$home/kinds.jsonl" | grep -c '^>' || true)
mv "$home/kinds.jsonl" ../kinds.jsonl
printf '%s of them differ from those that were recorded\n' "$changed"
