# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Debian packages: which of packages.txt are missing, and their installation. Part of lib.sh.

# hf_packages_list SECTION...: the names in these sections of packages.txt.
hf_packages_list() {
	awk -v wanted=" $* " '
		/^[ \t]*(#|$)/ { next }
		/^\[/ { gsub(/[][ \t]/, ""); on = index(wanted, " " $0 " "); next }
		on { print $1 }' "$HF_TOP/deploy/packages.txt"
}

# hf_packages_missing SECTION...: those not installed.
hf_packages_missing() {
	local name status
	for name in $(hf_packages_list "$@"); do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)
		[ "$status" = installed ] || echo "$name"
	done
}

# hf_packages_install LOG SECTION...: installs those missing. The download may be interrupted;
# the unpacking is finished first, as a half configured package would be worse than a wait.
hf_packages_install() {
	local log=$1 missing total
	shift
	total=$(hf_packages_list "$@" | wc -l)
	mapfile -t missing < <(hf_packages_missing "$@")
	if [ ${#missing[@]} -eq 0 ]; then
		hf_say packages "all $total present"
		return 0
	fi
	hf_say packages "installing ${#missing[@]} of $total: ${missing[*]}"
	: >"$log"
	hf_packages_fetch "$log" "${missing[@]}" && hf_packages_unpack "$log" "${missing[@]}" &&
		return 0
	hf_fail packages "installation failed: the end of apt-get's output follows"
	tail -n 20 "$log" >&2
	return 1
}

hf_packages_fetch() {
	local log=$1
	shift
	export DEBIAN_FRONTEND=noninteractive
	if [ -n "$(dpkg --audit)" ]; then
		hf_uninterrupted "$log" dpkg --configure -a || return 1
	fi
	hf_step "$log" apt-get install -y --no-install-recommends --download-only "$@" && return 0
	hf_step "$log" apt-get update || return 1
	hf_step "$log" apt-get install -y --no-install-recommends --download-only "$@"
}

hf_packages_unpack() {
	local log=$1
	shift
	hf_uninterrupted "$log" apt-get install -y --no-install-recommends "$@" || return 1
	[[ " $* " != *" prometheus "* ]] || hf_packages_silence prometheus "$log"
}

# hf_packages_silence SERVICE LOG: a package that is there for its programs alone brought a service
# along, which is to run neither now nor after the next boot.
hf_packages_silence() {
	local service=$1 log=$2
	if [ -d /run/systemd/system ]; then
		systemctl disable --now "$service" >>"$log" 2>&1
	elif [ -x "/etc/init.d/$service" ]; then
		"/etc/init.d/$service" stop >>"$log" 2>&1
		update-rc.d "$service" disable >>"$log" 2>&1
	fi
	return 0
}
