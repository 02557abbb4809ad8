#!/bin/sh
# Runs the addon's tests in a Node that has the address and undefined-behaviour sanitizers in it:
# an addon built with both, and their runtimes loaded before anything else. Leaks are not counted
# at the end, when V8 still holds everything: test/engine/native-memory.test.ts looks for those.
set -eu
cd "$(dirname "$0")/.."
node=$(node -e 'import("./bin/bootstrap.mjs").then((m) => console.log(m.pinnedNode()))')
real=$(readlink -f "$node")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cc -std=c11 -shared -fPIC -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=all -Wall -Wextra -Werror \
  -isystem "$(dirname "$real")/../include/node" -o "$folder/keyhold.node" src/engine/native/*.c
chmod 755 "$folder/keyhold.node"
LD_PRELOAD="$(cc -print-file-name=libasan.so) $(cc -print-file-name=libubsan.so)" \
ASAN_OPTIONS=detect_leaks=0:halt_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
KEYHOLD_NATIVE_TEST="$folder/keyhold.node" \
  "$real" --test --test-isolation=none "$@" \
  test/engine/native.test.ts test/engine/native-signature.test.ts test/engine/blobs.test.ts
