#!/bin/bash
# Installs a minimal Debian release in a folder, and imports it as an image.
# Arguments: release, folder, mirror, name of the image, its label.
set -euo pipefail
release=$1 root=$2 mirror=$3 image=$4 label=$5

# The script of sid works for all releases. This machine's debootstrap may have none for a newer release.
debootstrap --variant=minbase --include=ca-certificates,wget \
  "$release" "$root" "$mirror" /usr/share/debootstrap/scripts/sid

# Containers need a company's own authorities to reach its package registries.
for certificate in /usr/local/share/ca-certificates/*.crt; do
  if [ -e "$certificate" ]; then cp "$certificate" "$root/usr/local/share/ca-certificates/"; fi
done
chroot "$root" update-ca-certificates

rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*
tar -C "$root" -c . | docker import --change "LABEL $label" - "$image"
