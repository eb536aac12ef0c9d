#!/usr/bin/env bash
# Tests, times and runs score4j on this host's GPU, and prints one table. Needs nothing but NVIDIA's driver and the CUDA
# libraries that `score4j doctor` names; no Java, no Maven, no network.
#   run.sh [--only conformance|bench|demo] [--device cuda|cuda:N|cpu] [--results FOLDER] [-- options of the demo]
# All output is kept in the results folder. Exit code 0 when every part succeeded.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
device=cuda
only=
results=$PWD/score4j-gpu-results

fail() {
  printf 'run.sh: %s\n' "$1" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --only | --device | --results)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in
        --only) only=$2 ;;
        --device) device=$2 ;;
        --results) results=$2 ;;
      esac
      shift 2
      ;;
    --)
      shift
      break
      ;;
    --help | -h)
      sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) fail "unknown option $1; see run.sh --help" ;;
  esac
done
case $only in
  '' | conformance | bench | demo) ;;
  *) fail "--only is '$only'; use conformance, bench or demo" ;;
esac
case $device in
  cuda*)
    suite=org.score4j.tests.conformance.CudaConformanceTest
    # A suite that finds no GPU here has failed, and was not skipped.
    export SCORE4J_REQUIRE_CUDA=1
    ;;
  cpu) suite=org.score4j.tests.conformance.CpuConformanceTest ;;
  *) fail "--device is '$device'; use cuda, cuda:N or cpu" ;;
esac
[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] ||
  fail "this bundle is for Linux x86_64, this is $(uname -s) $(uname -m); make one there with tests/gpu/bundle.sh"

java() {
  "$here/jre/bin/java" --add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED -XX:+UseParallelGC "$@"
}

score4j() {
  java -jar "$here/lib/score4j.jar" "$@"
}

conformance() {
  java -cp "$here/lib/*" org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors \
    --details=summary --fail-if-no-tests --reports-dir="$results/conformance" --select-class="$suite"
}

# On a GPU the shapes of real models; on a CPU the small one.
bench() {
  local shape shapes='qwen2.5-0.5b qwen2.5-1.5b qwen2.5-3b'
  [ "$device" != cpu ] || shapes=small
  for shape in $shapes; do
    score4j bench --device "$device" --shape "$shape" || return 1
  done
}

# The same shapes with PyTorch, where this host has it.
peer() {
  python3 "$here/peer_torch.py" --device "$device"
}

demo() {
  score4j demo --device "$device" --run-dir "$results/demo" "$@"
}

# What the output $2 of part $1 says in a few words: its figures, or the last line of a failure.
outcome() {
  local figures=
  case $1 in
    conformance)
      local found passed
      found=$(sed -n 's/^\[ *\([0-9]*\) tests found.*/\1/p' "$2")
      passed=$(sed -n 's/^\[ *\([0-9]*\) tests successful.*/\1/p' "$2")
      [ -z "$found" ] || figures="$passed of $found tests passed"
      ;;
    demo) figures=$(sed -n 's/^SCoRe  *\([0-9.]*\)  *\([0-9.]*\) .*/SCoRe: acc@t1 \1, acc@t2 \2/p' "$2") ;;
  esac
  if [ -n "$figures" ]; then
    printf '%s' "${figures%%$'\n'*}"
  elif [ "$3" = ok ]; then
    printf '%d lines in %s' "$(wc -l <"$2")" "$2"
  else
    sed -n -e '/./h' -e '${x;p}' "$2"
  fi
}

table=$(printf '%-12s %-7s %8s  %s' part result seconds outcome)
code=0
timings=()

# Runs part $1, its function, with the rest as arguments; keeps its output and adds a row to the table.
run() {
  local part=$1 start=$SECONDS result=ok
  shift
  local log=$results/$part.txt
  printf '\n== %s on %s\n' "$part" "$device"
  if ! "$part" "$@" 2>&1 | tee "$log"; then
    result=failed
    code=1
  fi
  table+=$'\n'$(printf '%-12s %-7s %8d  %s' "$part" "$result" "$((SECONDS - start))" "$(outcome "$part" "$log" "$result")")
}

mkdir -p "$results"
results=$(cd "$results" && pwd)
[ -n "$only" ] && [ "$only" != demo ] || [ ! -e "$results/demo" ] ||
  fail "$results/demo is there already; remove it, or name another folder with --results"
printf '== doctor\n'
score4j doctor --device "$device" | tee "$results/doctor.txt"

[ -n "$only" ] && [ "$only" != conformance ] || run conformance
if [ -z "$only" ] || [ "$only" = bench ]; then
  run bench
  timings+=("$results/bench.txt")
  if [ "$device" != cpu ] && python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
    run peer
    timings+=("$results/peer.txt")
  fi
fi
[ -n "$only" ] && [ "$only" != demo ] || run demo "$@"

printf '\n'
# An empty array is an unset one to an old bash.
for log in ${timings[@]+"${timings[@]}"}; do
  cat "$log"
done
printf '\n%s\n' "$table" | tee "$results/table.txt"
exit "$code"
