#!/bin/sh
# Brings a Chromium for the tests in this folder, where nothing but apt is needed for that. Never fails: without one,
# those tests are skipped and say so.
for name in chromium chromium-browser google-chrome; do
	command -v "$name" >/dev/null 2>&1 && exit 0
done
as_root=""
if [ "$(id -u)" != 0 ]; then
	as_root="sudo -n"
fi
if ! command -v apt-get >/dev/null 2>&1; then
	why="there is no apt-get here"
elif [ -n "$as_root" ] && { [ -z "${CI:-}" ] || ! command -v sudo >/dev/null 2>&1; }; then
	why="only root may install it, with: apt-get install chromium"
else
	echo "Installing Chromium for the tests of the page (once) ..."
	log=$(mktemp)
	$as_root apt-get update -qq >"$log" 2>&1 # one source of several may not answer
	for attempt in 1 2; do
		if DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium >>"$log" 2>&1; then
			rm -f "$log"
			exit 0
		fi
	done
	why="apt-get could not install it: $(tail -n 1 "$log")"
	rm -f "$log"
fi
echo "No Chromium, because $why. The tests of the page in a browser are skipped."
