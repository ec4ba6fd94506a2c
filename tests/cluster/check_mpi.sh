#!/usr/bin/env bash
# A batch under mpirun with 1, 2 and 4 ranks, and one that lost a rank and went on: the same bytes.
# Usage: check_mpi.sh BUILD_FOLDER; needs calcispec-mpi (CALCISPEC_MPI=ON) and openmpi-bin.
set -euo pipefail
build=$(realpath "$1")
samples=$(realpath "$(dirname "$0")/../../sample_spectra")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# More ranks than cores: waiting ranks must not take the cores of working ones.
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_rmaps_base_oversubscribe=1
"$build/calcispec" convert "$samples/map_4x3.txt" --to nxs -o "$work/map.nxs"
mpi() {
  local ranks=$1
  shift
  mpirun -n "$ranks" "$build/calcispec-mpi" run "$work/map.nxs" --method raman \
    --block-rows 1 -j 1 -q "$@"
}
"$build/calcispec" batch run "$work/map.nxs" --method raman --block-rows 1 -q \
  -o "$work/one.nxs"
for ranks in 1 2 4; do
  mpi "$ranks" -o "$work/ranks_$ranks.nxs"
  cmp "$work/one.nxs" "$work/ranks_$ranks.nxs"
  echo "$ranks ranks: same bytes"
done

# One rank is killed as soon as it has begun; the same command goes on.
mpi 4 -o "$work/lost.nxs" >"$work/log" 2>&1 &
job=$!
for _ in $(seq 2000); do
  if [[ -e "$work/lost.nxs.work/shard_2_of_4.lock" ]]; then
    break
  fi
  sleep 0.005
done
victim=
for parent in "$job" $(pgrep -P "$job" || true); do
  rank=$(pgrep -P "$parent" calcispec-mpi | tail -n 1 || true)
  victim=${rank:-$victim}
done
if [[ -n "$victim" ]]; then
  kill -KILL "$victim" || true
fi
if wait "$job"; then
  echo "the run was over before the kill"
else
  echo "lost a rank: exit code $?"
  test ! -e "$work/lost.nxs"
  mpi 4 -o "$work/lost.nxs"
fi
cmp "$work/one.nxs" "$work/lost.nxs"
echo "after a lost rank: same bytes"
