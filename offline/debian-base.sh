#!/bin/bash
# Makes a minimal Debian release in a folder, and an image of it.
# Arguments: release, folder, mirror, name of the image, its label.
set -euo pipefail
release=$1 root=$2 mirror=$3 image=$4 label=$5

# one script serves all releases; this machine may be older than the release.
debootstrap --variant=minbase --include=ca-certificates,wget \
  "$release" "$root" "$mirror" /usr/share/debootstrap/scripts/sid

# a company's own authorities, without which a container does not reach the company's package registries.
for certificate in /usr/local/share/ca-certificates/*.crt; do
  if [ -e "$certificate" ]; then cp "$certificate" "$root/usr/local/share/ca-certificates/"; fi
done
chroot "$root" update-ca-certificates

rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*
tar -C "$root" -c . | docker import --change "LABEL $label" - "$image"
