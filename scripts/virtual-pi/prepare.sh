#!/bin/sh
# Gathers the parts of the virtual Raspberry Pi in FOLDER/guest: vmlinuz, base.cpio (busybox and a few
# kernel modules) and tools/ (busybox, i2c-tools, gpiod). Installs nothing on this machine.
#   prepare.sh FOLDER
set -eu
work=$1
guest=$work/guest
mkdir -p "$work/debs" "$guest/tools/lib" "$work/initial/bin"
cd "$work"

fail() { echo "$*"; exit 1; }

# unpack FOLDER PACKAGE...
unpack() {
  folder=$1
  shift
  (cd debs && apt-get --quiet download "$@")
  for package in "$@"; do dpkg-deb --extract debs/"$package"_*.deb "$folder"; done
}

# The first dependency of PACKAGE whose name starts with PREFIX.
dependency() { apt-cache depends "$1" | sed -n "s/^ *Depends: \($2[^ ]*\).*/\1/p" | head -n 1; }

# Debian's kernel has neither gpio-sim nor the simulated interrupts that it stands on. Both are built
# into one module, gpio-sim.ko, from Debian's source of the same version.
build_gpio_sim() {
  series=$(echo "$version" | cut -d . -f 1-2)
  headers=linux-headers-$version
  unpack build "$headers" "$(dependency "$headers" linux-headers-)" "$(dependency "$headers" linux-kbuild-)" \
    "linux-source-$series"
  mkdir module
  tar --extract --file "build/usr/src/linux-source-$series.tar.xz" --directory module --wildcards \
    --transform 's,.*/,,' '*/drivers/gpio/gpio-sim.c' '*/drivers/gpio/gpiolib.h' '*/kernel/irq/irq_sim.c'
  mv module/gpio-sim.c module/chip.c
  # Modules may not call irq_to_desc; generic_handle_irq looks the same descriptor up.
  sed -i 's/handle_simple_irq(irq_to_desc(\(.*\)));/generic_handle_irq(\1);/' module/irq_sim.c
  printf '%s\n' 'obj-m := gpio-sim.o' 'gpio-sim-y := chip.o irq_sim.o' >module/Kbuild
  # The headers expect to be installed below /usr/src.
  sed -i "s,/usr/src/,$work/build/usr/src/,g" "build/usr/src/$headers/Makefile"
  # Without type information for tracing, which would take one more tool.
  make --silent -C "build/usr/src/$headers" M="$work/module" CONFIG_DEBUG_INFO_BTF_MODULES= modules
  strip --strip-debug module/gpio-sim.ko
  cp module/gpio-sim.ko "$modules"
}

# Names that this kernel does not have are built in, or part of another module.
gather_modules() {
  for name in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci fscache netfs 9pnet \
    9pnet_virtio 9p overlay configfs i2c-dev i2c-stub failover net_failover virtio_net; do
    find kernel -name "$name.ko*" -exec cp {} "$modules" \;
  done
  find "$modules" -name '*.xz' -exec xz --decompress {} +
}

[ "$(dpkg --print-architecture)" = amd64 ] || fail 'This needs an amd64 machine.'
image=$(dependency linux-image-amd64 linux-image-)
[ -n "$image" ] || fail 'apt knows no Debian kernel (linux-image-amd64).'
version=${image#linux-image-}
modules=$work/initial/lib/modules/$version
mkdir -p "$modules"

unpack kernel "$image"
cp "kernel/boot/vmlinuz-$version" "$guest/vmlinuz"
unpack tools busybox-static i2c-tools libi2c0 gpiod "$(dependency gpiod libgpiod)"
[ -e tools/bin ] || ln -s usr/bin tools/bin
cp -r tools/bin tools/usr "$guest/tools/"
cp tools/usr/lib/*/*.so.* "$guest/tools/lib/"

gather_modules
build_gpio_sim
cp tools/bin/busybox initial/bin/
initial/bin/busybox depmod -b "$work/initial" "$version"
(cd initial && find . | bin/busybox cpio -o -H newc) >"$guest/base.cpio"
