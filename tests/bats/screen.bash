# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A program on a real terminal: one tmux server a test, keys in, screens out.

TMUX_SERVERS=0

# screen_open WIDTH HEIGHT COMMAND...: runs it; its exit status goes to $LOGS/end. ENV: settings.
screen_open() {
	local width=$1 height=$2
	shift 2
	screen_close
	TMUX_SOCKET=$BATS_TEST_TMPDIR/tmux.$((++TMUX_SERVERS)) # the last one may still be leaving
	: >"$LOGS/end"
	LC_ALL=C.UTF-8 tmux -u -f /dev/null -S "$TMUX_SOCKET" new-session -d -x "$width" -y "$height" \
		"env ${ENV:-} $* 2>$LOGS/screen.err; echo ended \$? >$LOGS/end; sleep 10"
}

screen_close() {
	[ -z "${TMUX_SOCKET:-}" ] || tmux -S "$TMUX_SOCKET" kill-server 2>/dev/null || true
}

screen_keys() {
	tmux -S "$TMUX_SOCKET" send-keys "$@"
}

screen_text() {
	tmux -S "$TMUX_SOCKET" capture-pane -p
}

# The same with the terminal's colours in it.
screen_colors() {
	tmux -S "$TMUX_SOCKET" capture-pane -p -e
}

screen_resize() {
	tmux -S "$TMUX_SOCKET" resize-window -x "$1" -y "$2"
}

screen_shows() {
	screen_text | grep -qE -- "$1"
}

# screen_wait REGEX [SECONDS]
screen_wait() {
	hf_wait_for "${2:-5}" screen_shows "$1" || fail "no '$1' on the screen:
$(screen_text)
$(<"$LOGS/end") $(<"$LOGS/screen.err")"
}

# Nothing on the screen that is neither text nor one of the drawing characters.
screen_clean() {
	local odd
	odd=$(screen_text | LC_ALL=C.UTF-8 grep -nP '[^\x20-\x7e\x{2581}-\x{258f}\x{2591}-\x{2593}\x{2026}\x{25b2}\x{25bc}\x{25cf}\x{25cb}\x{2190}-\x{2193}\x{00b5}\x{00b7}\x{00b1}\x{2500}-\x{253c}]') ||
		return 0
	fail "garbage on the screen: $odd"
}

# screen_ends: the program ended with status 0.
screen_ends() {
	hf_wait_for 5 test -s "$LOGS/end" || fail "it does not end: $(screen_text)"
	same "$(<"$LOGS/end")" "ended 0" "the program: $(<"$LOGS/screen.err")"
}
