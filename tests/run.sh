#!/usr/bin/env bash
# The one command that sets up and passes the tests, from any folder:
#
#   bash tests/run.sh                          everything: style, types, floors, tests
#   bash tests/run.sh tests/core -k verdict    only pytest, with these arguments (paths from the checkout's top)
#
# FONOTECA_VENV  where the virtual environment goes (default: .venv-test in the checkout)
# PYTHON         the interpreter to make it with (default: python3)
# FONOTECA_LOCALSTACK  a python that has LocalStack (default: one is made beside the virtual environment)
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."
# mkfs and losetup live in sbin, which is not on everybody's path.
export PATH="$PATH:/usr/sbin:/sbin"

venv="${FONOTECA_VENV:-.venv-test}"
python="${PYTHON:-python3}"

# Every Debian package that a test needs, with the program that shows it is there.
needed=(
    ffmpeg:ffmpeg              # generated audio: M4A, AIFF, WAV and odd ones
    flac:flac
    lame:lame
    opusenc:opus-tools
    oggenc:vorbis-tools
    wavpack:wavpack
    mpcenc:musepack-tools
    metaflac:flac              # tag writers that are not ours: the sound must stay the same to us
    vorbiscomment:vorbis-tools
    id3v2:id3v2
    eyeD3:eyed3
    mp3gain:mp3gain
    AtomicParsley:atomicparsley
    kid3-cli:kid3-cli
    rsync:rsync                # an existing mirror is taken over
    mkfs.ext4:e2fsprogs        # small disks of our own: full, read-only, damaged below the file system
    mount:mount
    losetup:mount
    unshare:util-linux
    fusermount3:fuse3
    systemd-analyze:systemd    # the unit file is checked; nothing is started
    sshd:openssh-server        # a real server to keep copies on
    ssh-keygen:openssh-client
    rclone:rclone              # the oldest rclone that is to work; the newest comes with the Python packages
    radosgw:radosgw            # a real S3: one Ceph with its disk in memory
    ceph-mon:ceph-mon
    ceph-osd:ceph-osd
    rados:ceph-common          # its disk, seen from below: what rots there
    openssl:openssl            # a server of our own whose certificate nobody knows
    sha256sum:coreutils        # our SHA256SUMS, checked without us
    xxhsum:xxhash              # a server that makes no SHA-256
    diff:diffutils
)

say() { printf '%s\n' "tests/run.sh: $*" >&2; }

as_root=()
may_install() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then return 0; fi
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
}

updated=
install_packages() {
    if [ -z "$updated" ]; then
        "${as_root[@]}" apt-get update -q </dev/null >&2 || return 1
        updated=yes
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@" </dev/null >&2
}

missing_packages() {
    local pair
    for pair in "${needed[@]}"; do
        command -v "${pair%%:*}" >/dev/null || printf '%s\n' "${pair#*:}"
    done | sort -u
}

provide_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} -eq 0 ]; then return 0; fi
    say "missing Debian packages: ${missing[*]}"
    if may_install && install_packages "${missing[@]}"; then return 0; fi
    mapfile -t missing < <(missing_packages)
    say "they could not be installed here, so the tests that need them will be SKIPPED, each with its reason below."
    say "to run them too:  sudo apt-get install ${missing[*]}"
}

require_python() {
    if ! command -v "$python" >/dev/null; then
        say "$python is not installed"
        if [ "$python" = python3 ] && may_install; then install_packages python3 python3-venv; else
            say "install it:  sudo apt-get install python3 python3-venv"; exit 2; fi
    fi
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        say "fonoteca needs Python 3.11 or newer, $python is $("$python" -V 2>&1); name another one with PYTHON=…"
        exit 2
    fi
}

# Debian keeps ensurepip in a package of its own, without which a virtual environment has no pip.
require_ensurepip() {
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then return 0; fi
    say "$python cannot make virtual environments: ensurepip is missing"
    if may_install && install_packages python3-venv && "$python" -c 'import ensurepip, venv' 2>/dev/null; then return 0; fi
    say "install it:  sudo apt-get install python3-venv"
    exit 2
}

# Editable, so that what is tested is what is being edited, without a new install before each run. Installed anew only
# when pyproject.toml or the checkout's place has changed: one test then starts at once, and without a network.
provide_project() {
    local stamp wanted
    stamp="$venv/.fonoteca-installed"
    wanted="$(pwd) $(sha256sum <pyproject.toml)"
    if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return 0; fi
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        require_ensurepip
        # An environment without a working pip was cut off while it was made, or its interpreter is gone.
        if [ -e "$venv/pyvenv.cfg" ]; then "$python" -m venv --clear "$venv"; else "$python" -m venv "$venv"; fi
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e '.[test]' </dev/null >&2
    printf '%s\n' "$wanted" >"$stamp"
}

# An S3 that keeps digests. Its pins are old ones, so it has an environment of its own, which is made once and beside
# the checks: it takes a minute.
provide_localstack() {
    local home="$1" wanted
    wanted="$(sha256sum <tests/support/localstack.txt)"
    if [ "$(cat "$home/.installed" 2>/dev/null)" = "$wanted" ]; then return 0; fi
    "$python" -m venv --clear "$home" &&
        "$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r tests/support/localstack.txt &&
        printf '%s\n' "$wanted" >"$home/.installed"
}

failed=()
check() {
    say "$*"
    "$venv/bin/$1" "${@:2}" || failed+=("$*")
}

require_python
provide_packages
provide_project
# Tests start `fonoteca` and `python` as a person would: these are the ones meant.
case "$venv" in /*) ;; *) venv="$(pwd)/$venv" ;; esac
export PATH="$venv/bin:$PATH"
providing=
if [ -z "${FONOTECA_LOCALSTACK:-}" ]; then
    export FONOTECA_LOCALSTACK="$venv-localstack/bin/python"
    if [ $# -eq 0 ]; then provide_localstack "$venv-localstack" </dev/null >&2 & providing=$!; fi
fi

# Arguments mean one test, wanted now: no second look at style, and no workers, so that --pdb and -s work.
if [ $# -gt 0 ]; then exec "$venv/bin/python" -m pytest "$@"; fi

check ruff check .
check ruff format --check .
check mypy
check lint-imports
if [ -n "$providing" ] && ! wait "$providing"; then
    say "LocalStack could not be installed, so the tests that need it will be SKIPPED."
fi
# Last, so that its closing line is the last thing said when all is well.
check pytest -n auto
if [ ${#failed[@]} -gt 0 ]; then
    say "FAILED: $(printf '%s; ' "${failed[@]}")"
    exit 1
fi
