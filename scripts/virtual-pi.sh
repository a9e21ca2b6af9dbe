#!/bin/sh
# A virtual Raspberry Pi: QEMU with a Debian kernel, a simulated GPIO chip (gpio-sim, labelled
# pinctrl-vpi) and an I2C bus 1 with empty chips (i2c-stub). It runs this machine's own files, Node and
# node_modules included; what it writes is gone when it ends.
#
#   scripts/virtual-pi.sh test [VITEST ARGUMENT...]   the suites of test/virtual-pi, with a backend on
#                                                     this machine for its presses; needs a build
#   scripts/virtual-pi.sh run COMMAND [ARGUMENT...]   any command, in the current folder
#   scripts/virtual-pi.sh prepare                     only what `test` and `run` do first, once
#   scripts/virtual-pi.sh packages                    prints the Debian packages that this needs
#
# Ends with the status of the command; 124 when the time was up, 125 when the machine did not work.
# Preparing takes half a minute and up to 300 MB from the Debian mirror; 15 MB of it stay in
# ${XDG_CACHE_HOME:-~/.cache}/gatehouse/virtual-pi, which may be deleted at any time.
#
#   GATEHOUSE_PI_ACCEL      tcg (emulation, works everywhere; the default) or kvm (not on every host)
#   GATEHOUSE_PI_MEMORY_MB  1536 unless told
#   GATEHOUSE_PI_LIMIT_S    seconds until the machine is ended, 600 unless told
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gatehouse/virtual-pi
accel=${GATEHOUSE_PI_ACCEL:-tcg}

usage() { sed -n '2,19s/^# \{0,1\}//p' "$0" >&2; exit 2; }
fail() { echo "virtual-pi: $*" >&2; exit 125; }

# The compiler is the one that built the kernel.
packages() {
  # shellcheck disable=SC1091
  case $(. /etc/os-release && echo "${VERSION_CODENAME:-}") in
  bookworm) echo qemu-system-x86 gcc-12 make binutils libelf1 xz-utils ;;
  trixie) echo qemu-system-x86 gcc-14 make binutils libelf1t64 xz-utils ;;
  *) fail 'needs Debian 12 (bookworm) or 13 (trixie) on amd64' ;;
  esac
}

# Prepared again when the recipe changes. Put in place whole, so an interrupted attempt leaves nothing.
prepare() {
  recipe=$(sha256sum <"$here/virtual-pi/prepare.sh")
  [ "$(cat "$cache/recipe" 2>/dev/null || true)" != "$recipe" ] || return 0
  echo 'Preparing the virtual Raspberry Pi (half a minute, once) ...' >&2
  mkdir -p "$(dirname "$cache")"
  work=$(mktemp -d "$cache.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  "$here/virtual-pi/prepare.sh" "$work" >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    fail "could not be prepared. Install $(packages), run apt-get update, and try again."
  }
  echo "$recipe" >"$work/guest/recipe"
  rm -rf "$cache"
  mv "$work/guest" "$cache"
  rm -rf "$work"
}

# The words, so that a shell reads the same words again.
quoted() { for word in "$@"; do printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")"; done; }

# The initial file system: the prepared one, and a second archive with what differs from run to run.
write_initrd() {
  mkdir "$work/late"
  install -m 755 "$here/virtual-pi/init.sh" "$work/late/init"
  {
    echo "export $(quoted "HOME=$HOME" "PATH=$PATH:$cache/tools/usr/sbin:$cache/tools/usr/bin")"
    echo "export $(quoted "LD_LIBRARY_PATH=$cache/tools/lib" "GATEHOUSE_NO_SKIPS=${GATEHOUSE_NO_SKIPS:-}")"
    [ -z "${backend_facts:-}" ] || echo "export $backend_facts"
    echo "cd $(quoted "$PWD") && $(quoted "$@")"
  } >"$work/late/command"
  (cd "$work/late" && find . | "$cache/tools/bin/busybox" cpio -o -H newc) >"$work/late.cpio" 2>/dev/null
  cat "$cache/base.cpio" "$work/late.cpio" >"$work/initrd"
}

# Output comes over the first serial line, the status over the second.
run() {
  command -v qemu-system-x86_64 >/dev/null || fail "needs the Debian packages $(packages)"
  prepare
  work=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$work'; [ -z '${backend:-}' ] || kill '${backend:-}' 2>/dev/null || true" EXIT
  write_initrd "$@"
  cpu=max
  [ "$accel" != kvm ] || cpu=host
  ended=0
  timeout --foreground "${GATEHOUSE_PI_LIMIT_S:-600}" qemu-system-x86_64 \
    -machine "q35,accel=$accel" -cpu "$cpu" -smp 2 -m "${GATEHOUSE_PI_MEMORY_MB:-1536}" \
    -nodefaults -no-user-config -no-reboot -display none \
    -serial stdio -serial "file:$work/status" \
    -kernel "$cache/vmlinuz" -initrd "$work/initrd" -append 'console=ttyS0 quiet panic=-1' \
    -nic user,model=virtio-net-pci \
    -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap </dev/null || ended=$?
  status=$(tr -cd 0-9 <"$work/status")
  [ "$ended" != 124 ] || { echo "virtual-pi: not done after ${GATEHOUSE_PI_LIMIT_S:-600} s" >&2; exit 124; }
  [ -n "$status" ] || fail 'the machine ended without a result; what it said stands above'
  exit "$status"
}

# A backend on this machine for the guest's presses, so that they reach a handler on another one.
start_backend() {
  facts=$(mktemp)
  node "$here/virtual-pi/backend.mjs" >"$facts" &
  backend=$!
  tries=0
  until [ -s "$facts" ]; do
    kill -0 "$backend" 2>/dev/null && [ "$tries" -lt 300 ] || fail 'the backend outside did not start'
    tries=$((tries + 1))
    sleep 0.2
  done
  backend_facts=$(cat "$facts")
  rm -f "$facts"
}

# An interrupted shell would leave its temporary folder.
trap 'exit 130' INT TERM
[ $# -gt 0 ] || usage
action=$1
shift
case $action in
packages) packages ;;
prepare) prepare ;;
run) [ $# -gt 0 ] || usage; run "$@" ;;
test) cd "$root"; prepare; start_backend; run node scripts/test.mjs pi "$@" ;;
*) usage ;;
esac
