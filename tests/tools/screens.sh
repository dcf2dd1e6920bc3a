#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# screens.sh MONITOR INSTANCE DIR [WIDTHxHEIGHT]: the nine views of a running instance, as a terminal
# shows them, to DIR/NUMBER-NAME.txt and, in colour, .svg; and the details of a flow. Needs tmux.
set -euo pipefail

usage() {
	echo "usage: screens.sh MONITOR INSTANCE DIR [WIDTHxHEIGHT]" >&2
	exit 2
}

[ $# -ge 3 ] || usage
monitor=$1 instance=$2 dir=$3 size=${4:-100x28}
work=$(mktemp -d)
socket=$work/tmux

finish() {
	tmux -S "$socket" kill-server 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT

keys() {
	tmux -S "$socket" send-keys "$@"
	sleep 1.2
}

# capture NAME: without blanks at the ends of lines, and as a picture.
capture() {
	tmux -S "$socket" capture-pane -p | sed 's/ *$//' >"$dir/$1.txt"
	tmux -S "$socket" capture-pane -p -e | "$(dirname "$0")/screen_svg.py" >"$dir/$1.svg"
}

LC_ALL=C.UTF-8 TERM=xterm-256color tmux -u -f /dev/null -S "$socket" new-session -d -x "${size%x*}" -y "${size#*x}" \
	"$monitor --instance $instance --interval 0.5 2>$work/error || sleep 5"
sleep "${SCREENS_WAIT:-10}"
if ! tmux -S "$socket" list-sessions >/dev/null 2>&1 || [ -s "$work/error" ]; then
	echo "screens.sh: $instance: no screen: $(cat "$work/error")" >&2
	exit 1
fi
number=1
for name in overview ports lanes workers flows drops memory numa events; do
	keys "$number"
	capture "$number-$name"
	number=$((number + 1))
done
keys 3 Enter
capture lane
keys q 5 Enter
capture flow
keys q '?'
capture help
