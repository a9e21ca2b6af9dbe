#!/bin/busybox sh
# shellcheck shell=dash
# The virtual Raspberry Pi's first process: wires the simulated board, puts the host's files below it,
# runs /command there and switches off. Tells the status of the command over the second serial line.
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /sys /dev /host /own
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir /dev/shm
mount -t tmpfs shm /dev/shm
ln -s /proc/self/fd /dev/fd
# The console is a pipe at the other end: no carriage returns.
stty -onlcr </dev/console

finish() {
  echo "$1" >/dev/ttyS1
  # The kernel's last word would follow the command's.
  echo 0 >/proc/sys/kernel/printk
  poweroff -f
}
fail() {
  echo "virtual-pi: $*"
  finish 125
}

# Two chips, as a board has them: the header's, whose lines carry their BCM numbers as names, and another.
wire_gpio() {
  modprobe gpio-sim
  mount -t configfs config /sys/kernel/config
  board=/sys/kernel/config/gpio-sim/board
  mkdir -p $board/header $board/other || return 1
  echo 8 >$board/other/num_lines
  echo raspberrypi-exp-gpio >$board/other/label
  echo 54 >$board/header/num_lines
  echo pinctrl-vpi >$board/header/label
  for number in $(seq 2 27); do
    mkdir "$board/header/line$number"
    echo "GPIO$number" >"$board/header/line$number/name"
  done
  echo 1 >$board/live
  chip=$(cat $board/header/chip_name)
  lines=/sys/devices/platform/$(cat $board/dev_name)/$chip
}

# Three chips of 256 registers that remember. The only bus is called 1, as on every board's header.
wire_i2c() {
  modprobe i2c-dev
  modprobe i2c-stub chip_addr=0x40,0x48,0x76
  mv /dev/i2c-0 /dev/i2c-1
}

# QEMU's user network: this machine is 10.0.2.15, the one that runs it 10.0.2.2. For the backend outside only.
wire_network() {
  ip link set lo up
  modprobe -q virtio_net || return 0
  for device in /sys/class/net/e*; do
    [ -e "$device" ] || continue
    ip link set "${device##*/}" up
    ip address add 10.0.2.15/24 dev "${device##*/}"
  done
}

mount_host() {
  mount -t tmpfs own /own
  mkdir /own/below /own/changes /own/work
  mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,ro,cache=loose host /own/below || return 1
  mount -t overlay -o lowerdir=/own/below,upperdir=/own/changes,workdir=/own/work overlay /host || return 1
  for folder in proc sys dev; do mount -o rbind /$folder /host/$folder; done
  mount -t tmpfs run /host/run
}

# Quietly: some kernels have some of them built in.
for module in virtio_pci 9pnet_virtio 9p overlay configfs; do modprobe -q $module; done
wire_gpio || fail 'no simulated GPIO chip'
wire_i2c || fail 'no simulated I2C bus'
mount_host || fail "the host's files cannot be reached"
wire_network

{
  echo "export VIRTUAL_PI_LINES=$lines VIRTUAL_PI_CHIP=$chip"
  cat /command
} >/host/run/virtual-pi
# Through a pipe, so that programs see no terminal and write plain lines.
{ chroot /host /bin/sh /run/virtual-pi; echo $? >/status; } 2>&1 | cat
finish "$(cat /status)"
