#!/usr/bin/env bash
# Asks Django REST framework what inputs_*.py say, in a virtual environment of its own, and writes the answers over
# tests/compat/kinds.jsonl and users.jsonl: `git diff` tells what has changed. `./dev compat drf-` plays them. PYTHON: the one to use, 3.12 or
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
for what in ${WHAT:-kinds users}; do
    rm -f "$home/$what.db"
    # A set of Python has no order of its own: DRF takes one of several types that match equally well.
    PYTHONHASHSEED=0 SITE_DB=$home/$what.db "$home/venv/bin/python" record.py "$what" "../$what.sql" "../$what-fixture.sql" "$home/$what.jsonl" \
        2>"$home/errors.txt" || die "the answers could not be recorded: $(tail -n 3 "$home/errors.txt")"
    changed=$(diff "../$what.jsonl" "$home/$what.jsonl" | grep -c '^>' || true)
    mv "$home/$what.jsonl" "../$what.jsonl"
    printf '%s of %s differ from those that were recorded\n' "$changed" "$what"
done
