# Sourced by ./dev. Brings a Debian 12 machine to where Cenote can be built and tested: Debian packages (packages.txt) and a Python
# virtual environment (requirements.txt). Checks are quick, so every command of ./dev may call them; only what is missing is installed.

: "${CENOTE_CACHE:=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/cenote}"
export CENOTE_CACHE
CENOTE_VENV="$CENOTE_CACHE/venv"
export CENOTE_VENV
dev_started=$SECONDS

elapsed() { printf '%d:%02d' $(((SECONDS - dev_started) / 60)) $(((SECONDS - dev_started) % 60)); }
say() { printf '[%s] %s\n' "$(elapsed)" "$*"; }
die() {
    printf '[%s] %s\n' "$(elapsed)" "$*" >&2
    exit 1
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# with_progress LABEL LOG COMMAND…: runs the command with its output in LOG and prints a line every 15 s, so that a slow mirror or a
# long build is seen to move. On failure the end of the log is printed.
with_progress() {
    local label=$1 log=$2 status=0 waited=0
    shift 2
    mkdir -p "$(dirname "$log")"
    "$@" </dev/null >"$log" 2>&1 &
    local pid=$!
    # shellcheck disable=SC2064  # the pid of now is meant
    trap "kill $pid 2>/dev/null; exit 130" INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        waited=$((waited + 1))
        if [ $((waited % 75)) = 0 ]; then
            say "  $label, still at it: $(tail -n 1 "$log" | tr -d '\r' | cut -c1-100)"
        fi
    done
    wait "$pid" || status=$?
    trap - INT TERM
    if [ "$status" != 0 ]; then
        tail -n 40 "$log" >&2
        say "$label failed; the whole log is $log" >&2
    fi
    return "$status"
}

missing_packages() {
    local wanted have
    wanted=$(sed -e 's/#.*//' "$@" | tr -s ' \t\n' '\n' | sort -u | sed '/^$/d')
    # shellcheck disable=SC2086  # a list of words
    have=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | awk '$1 == "ii" {print $2}' | sort -u)
    comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$have") | while read -r package; do
        case $package in
        # Docker's own packages bring these two and stand against Debian's.
        containerd | runc) command -v "$package" >/dev/null || echo "$package" ;;
        *) echo "$package" ;;
        esac
    done
}

# Packages named in the given lists. Debian starts a service as it installs it; neither PostgreSQL nor PgBouncer is wanted as a
# service here, so starting is refused for the time of the installation, and no cluster of PostgreSQL's is created. What ran before goes on.
ensure_packages() {
    local missing
    command -v dpkg-query >/dev/null || die "Cenote's scripts install what they need on Debian 12; on another system install the likes of $* by hand."
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -n "${missing// /}" ] || return 0
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null && ! { [ -t 0 ] && command -v sudo >/dev/null; }; then
        die "Some Debian packages are missing and installing them takes root. Run this once as root, then ./dev again:
  apt-get update && apt-get install -y --no-install-recommends $missing"
    fi
    say "Installing $(wc -w <<<"$missing") Debian packages (some minutes, once): $missing"
    # shellcheck disable=SC2086
    with_progress "installing Debian packages" "$CENOTE_CACHE/logs/apt.log" install_packages $missing ||
        die "The packages could not be installed. If the mirror is slow or away, run ./dev again: it goes on where it stopped."
    missing=$(missing_packages "$@" | tr '\n' ' ')
    [ -z "${missing// /}" ] || die "Still missing after the installation: $missing"
    say "Debian packages are complete."
}

install_packages() (
    set -e
    policy=/usr/sbin/policy-rc.d
    no_cluster=/etc/postgresql-common/createcluster.d/cenote-dev.conf
    undo=()
    cleanup() { for file in "${undo[@]}"; do as_root rm -f "$file"; done; }
    trap cleanup EXIT
    if [ ! -e "$policy" ]; then
        undo+=("$policy")
        printf '#!/bin/sh\n# put here by ./dev of Cenote while it installs packages: start no services\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    if [ ! -e "$no_cluster" ]; then
        undo+=("$no_cluster")
        as_root mkdir -p "$(dirname "$no_cluster")"
        echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
    fi
    patient=(-o Acquire::Retries=5 -o Acquire::http::Timeout=60 -o Acquire::https::Timeout=60 -o DPkg::Lock::Timeout=600)
    as_root apt-get "${patient[@]}" update || echo "apt-get update failed; trying with the lists at hand"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "${patient[@]}" -o Dpkg::Options::=--force-confold install -y --no-install-recommends --no-remove "$@"
    # Nor shall they start with the machine. Only what was installed just now is meant: "$@" was missing.
    if [ -d /run/systemd/system ]; then
        for service in pgbouncer containerd etcd; do
            case " $* " in *" $service "* | *" $service-server "*) as_root systemctl disable "$service" || true ;; esac
        done
    fi
)

# The virtual environment is made anew when the list of its packages changes. Debian's python3 is meant, not one that a version manager shadows it with.
ensure_venv() {
    local list=$1 stamp
    stamp=$(sha256sum "$list" | cut -d' ' -f1)
    if [ -x "$CENOTE_VENV/bin/python" ] && [ "$(cat "$CENOTE_VENV/stamp" 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi
    say "Preparing Python packages for the tests (about a minute, once)"
    with_progress "preparing Python packages" "$CENOTE_CACHE/logs/pip.log" make_venv "$list" ||
        die "The Python packages could not be installed; with a slow mirror, run ./dev again."
    echo "$stamp" >"$CENOTE_VENV/stamp"
}

make_venv() {
    rm -rf "$CENOTE_VENV"
    /usr/bin/python3 -m venv "$CENOTE_VENV" &&
        "$CENOTE_VENV/bin/pip" install --disable-pip-version-check --retries 8 --timeout 120 --progress-bar off -r "$1"
}

# The newest PgBouncer of Debian's suites, to measure and compare with. Without it the installed one serves.
ensure_pgbouncer() {
    [ ! -x "$CENOTE_CACHE/pgbouncer/current/pgbouncer" ] || return 0
    say "Fetching the newest PgBouncer of Debian's suites into $CENOTE_CACHE/pgbouncer (once)"
    with_progress "fetching PgBouncer" "$CENOTE_CACHE/logs/pgbouncer.log" tests/tools/fetch_pgbouncer ||
        say "It could not be had; the installed $(/usr/sbin/pgbouncer --version | head -n 1) is used."
}
