# Functions of the peers' `run` scripts.
common="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$common/../../.." && pwd)"
peer_name="$(basename "$here")"

say() { echo "$peer_name: $*" >&2; }

# The directory for what is built and installed.
cache() { echo "${BENCH_CACHE:?}/$peer_name"; }

# Runs the statement given on standard input; `{database}` in it is the database.
sql() {
    sed "s/{database}/$BENCH_DATABASE/g" |
        curl --silent --show-error --fail-with-body --max-time 300 --data-binary @- "$BENCH_CLICKHOUSE_URL/" || {
        say "a statement failed"
        return 1
    }
}

# Runs the statements of a file, each ended by a semicolon at the end of a line.
sql_file() {
    local statement
    while IFS= read -r -d $'\x1e' statement; do
        if grep -q '[^[:space:]]' <<<"$statement"; then sql <<<"$statement" || return; fi
    done < <(sed 's/;$/\x1e/' "$1")
}

# A Python environment with the packages of a requirements file, made anew when that changes.
virtual_environment() {
    local requirements="$1" venv
    venv="$(cache)/venv"
    if ! cmp --silent "$requirements" "$venv/requirements.txt"; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
        cp "$requirements" "$venv/requirements.txt"
    fi
}
