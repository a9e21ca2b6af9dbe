#!/bin/sh
# A real S3 server for tests: Ceph with its object gateway, one node, on loopback, as root.
# Keys test / testsecret; speaks path-style S3 over plain HTTP; forgets everything at stop. A second
# user, everyday / everydaysecret (also everyday2 / everydaysecret2), may do nothing until the first
# gives it a policy, by the IAM calls that the same endpoint answers.
#
#   scripts/s3-server.sh start DIR [PORT]   prints the endpoint once it serves (about 15 s)
#   scripts/s3-server.sh stop DIR           ends it and removes DIR; does nothing when it does not run
#
# PORT and the ports that the parts use among themselves are free ones unless PORT is given, so
# several servers can run side by side, each in its own DIR.
set -eu

packages="ceph-mon ceph-osd radosgw ceph-common curl"
usage() { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
fail() { echo "s3-server: $*" >&2; exit 1; }

[ $# -ge 2 ] || usage
action=$1
root=$2
port=${3:-}
marker=.gatehouse-s3-server

require_programs() {
  missing=
  for pair in ceph-mon:ceph-mon ceph-osd:ceph-osd radosgw:radosgw ceph:ceph-common curl:curl; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
  done
  [ -z "$missing" ] || fail "missing Debian packages:$missing
  apt-get install --no-install-recommends $packages"
  [ "$(id -u)" = 0 ] || fail "the storage daemon wants root; run this as root or in a container"
}

# A port on loopback that nobody listens on, outside the kernel's range for outgoing connections.
free_port() {
  candidate=$1
  while ss -Hltn "sport = :$candidate" 2>/dev/null | grep -q . || claimed "$candidate"; do
    candidate=$((candidate + 1))
    [ "$candidate" -lt 32000 ] || fail "no free port"
  done
  echo "$candidate"
}

claimed() { case " ${taken:-} " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# Ends what the process-id files name, politely first. Only ceph daemons: ids may have been reused.
end_daemons() {
  for signal in TERM KILL; do
    alive=
    for file in "$1"/run/*.pid; do
      [ -f "$file" ] || continue
      pid=$(cat "$file")
      is_ours "$pid" "$1" || continue
      kill -s "$signal" "$pid" 2>/dev/null || continue
      alive="$alive $pid"
    done
    tries=0
    for pid in $alive; do
      while is_ours "$pid" "$1" && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
    done
  done
}

is_ours() {
  [ -n "$1" ] && { tr '\0' '\n' <"/proc/$1/environ"; } 2>/dev/null | grep -qx "CEPH_CONF=$2/ceph.conf"
}

write_config() {
  cat >ceph.conf <<CONF
[global]
fsid = $cluster
mon host = [v2:127.0.0.1:$monitor_v2,v1:127.0.0.1:$monitor_v1]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = $daemons_from
ms bind port max = $((daemons_from + 40))
auth cluster required = none
auth service required = none
auth client required = none
keyring = $root/keyring
run dir = $root/run
log file = $root/\$name.log
pid file = $root/run/\$name.pid
admin socket = $root/run/\$name.\$pid.asok
mon data = $root/mon
mon allow pool size one = true
mon data avail crit = 1
mon osd full ratio = 0.99
osd data = $root/osd
osd objectstore = bluestore
bluestore block size = 8589934592
osd memory target = 939524096
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
[client.rgw]
rgw data = $root/rgw
rgw frontends = beast endpoint=127.0.0.1:$port
ms mon client mode = crc
CONF
}

start_daemons() {
  ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *'
  monmaptool --create --fsid "$cluster" --addv a "[v2:127.0.0.1:$monitor_v2,v1:127.0.0.1:$monitor_v1]" monmap
  ceph-mon -i a --mkfs --monmap monmap --keyring keyring
  ceph-mon -i a
  disk=$(cat /proc/sys/kernel/random/uuid)
  number=$(timeout 60 ceph osd new "$disk")
  ceph-osd -i "$number" --mkfs --osd-uuid "$disk"
  ceph-osd -i "$number"
  radosgw -n client.rgw
  tries=0
  until curl --silent --max-time 2 --output /dev/null "http://127.0.0.1:$port/"; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || return 1
    sleep 0.3
  done
  admin() { timeout 60 radosgw-admin -n client.rgw "$@"; }
  admin user create --uid=test --display-name=test --access-key=test --secret-key=testsecret
  admin caps add --uid=test --caps='user-policy=*'
  admin user create --uid=everyday --display-name=everyday --access-key=everyday --secret-key=everydaysecret
  admin key create --uid=everyday --key-type=s3 --access-key=everyday2 --secret-key=everydaysecret2
}

start() {
  require_programs
  mkdir -p "$root"
  root=$(cd "$root" && pwd)
  [ -z "$(ls -A "$root")" ] || fail "$root is not empty; stop the server there first"
  touch "$root/$marker"
  cd "$root"
  mkdir mon osd rgw run
  export CEPH_CONF="$root/ceph.conf"
  cluster=$(cat /proc/sys/kernel/random/uuid)
  seed=$((20000 + ($$ * 64) % 10000))
  [ -n "$port" ] || port=$(free_port $seed)
  taken=$port
  monitor_v2=$(free_port $((seed + 1))); taken="$taken $monitor_v2"
  monitor_v1=$(free_port $((monitor_v2 + 1)))
  daemons_from=$((monitor_v1 + 1))
  write_config
  trap 'end_daemons "$root"; exit 130' INT TERM
  # A subshell with its own "set -e": inside an "if" the shell would go on past a failed step.
  set +e
  (set -e; start_daemons) >setup.log 2>&1 </dev/null
  status=$?
  set -e
  if [ $status -ne 0 ]; then
    tail -n 20 setup.log >&2
    end_daemons "$root"
    fail "did not start; logs are in $root"
  fi
  echo "http://127.0.0.1:$port"
}

stop() {
  [ -d "$root" ] || exit 0
  root=$(cd "$root" && pwd)
  [ -e "$root/$marker" ] || fail "$root was not made by this script; left as it is"
  end_daemons "$root"
  rm -rf "$root"
}

case $action in
start) start ;;
stop) stop ;;
*) usage ;;
esac
