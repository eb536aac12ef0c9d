#!/usr/bin/env bash
# Makes one archive with all that a GPU host without a JDK, Maven or network needs to test, time and run score4j:
# a Java runtime, score4j.jar, the conformance suite, run.sh.
#   tests/gpu/bundle.sh [FOLDER]    writes FOLDER/score4j-gpu.tar.xz; tests/target unless given
set -eu

readonly most_bytes=60000000
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-$root/tests/target}
work=$root/tests/target/bundle
image=$work/score4j-gpu

fail() {
  printf 'bundle.sh: %s\n' "$1" >&2
  exit 1
}

command -v mvn >/dev/null || fail "there is no mvn on the PATH; install Maven 3.8.7 or newer"
command -v xz >/dev/null || fail "there is no xz on the PATH; install xz-utils"

rm -rf "$work"
cd "$root"
printf 'bundle.sh: building the jars ...\n' >&2
mvn -q -B -ntp -Pbundle -DskipTests -pl tests -am package

# The JDK that Maven has built with: its java says where it is.
jdk=$(mvn -q -B -ntp -N validate exec:exec -Dexec.executable=java -Dexec.args="-XshowSettings:properties -version" 2>&1 |
  sed -n 's/^ *java\.home = //p')
[ -x "$jdk/bin/jlink" ] || fail "the JDK in '$jdk' has no bin/jlink; install a whole JDK, for example from https://adoptium.net"

mkdir -p "$image/lib"
cp training/target/score4j.jar "$work"/lib/*.jar "$image/lib/"
# The fixtures of the parity tests are large and of no use here.
tests=$work/test-classes
cp -r tests/target/test-classes "$tests"
rm -rf "$tests/fixtures"
"$jdk/bin/jar" --create --no-manifest --file "$image/lib/score4j-tests.jar" -C "$tests" .

# What the classes ask for, and what they only reach by name: Unsafe of the test libraries, file systems in jars.
modules=$("$jdk/bin/jdeps" --multi-release 25 --ignore-missing-deps --print-module-deps "$image"/lib/*.jar |
  grep -v '^Warning: split package')
printf 'bundle.sh: linking a runtime of %s ...\n' "$modules" >&2
"$jdk/bin/jlink" --add-modules "$modules,jdk.unsupported,jdk.zipfs" --strip-debug --no-man-pages --no-header-files \
  --output "$image/jre" 2>&1 | { grep -v '^WARNING: Using incubator modules' || true; } >&2
[ -x "$image/jre/bin/java" ] || fail "jlink has made no runtime, see above"

cp tests/gpu/run.sh tests/gpu/peer_torch.py "$image/"
mkdir -p "$folder"
archive=$folder/score4j-gpu.tar.xz
printf 'bundle.sh: packing ...\n' >&2
tar --create --directory "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=2026-01-01T00:00:00Z score4j-gpu |
  xz -9 >"$archive"
bytes=$(wc -c <"$archive")
[ "$bytes" -le "$most_bytes" ] || fail "$archive has $bytes bytes, more than $most_bytes; see what is in $image"
printf '%s: %d bytes\n' "$archive" "$bytes"
