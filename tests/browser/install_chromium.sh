#!/bin/sh
# Make sure that a Chromium and a font with Chinese characters are here, for the browser tests.
# Installs them with apt-get where that is possible without asking for a password; otherwise says what to install.
set -u

missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
  command -v google-chrome >/dev/null 2>&1 || missing="chromium"
if command -v fc-list >/dev/null 2>&1; then
  [ -n "$(fc-list :lang=zh family)" ] || missing="$missing fonts-noto-cjk"
else
  missing="$missing fontconfig fonts-noto-cjk"
fi
[ -z "$missing" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root="no"; fi
fi
if command -v apt-get >/dev/null 2>&1 && [ "$as_root" != "no" ]; then
  echo "Installing with apt-get:$missing (half a minute, once) …"
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "The browser tests need:$missing"
echo "  Debian, Ubuntu:  sudo apt-get install$missing"
echo "  Fedora:          sudo dnf install chromium google-noto-sans-cjk-fonts"
echo "  macOS:           brew install --cask chromium"
echo "Until then they are skipped; everything else runs."
exit 0
