#!/usr/bin/env bash
# A Slurm of one machine, started without systemd and stopped again: an array of 4 tasks, one of
# which is killed at first and requeued, and the merge by afterany give the bytes of one run.
# Usage: check_slurm.sh BUILD_FOLDER, as root; needs slurm-wlm and munge.
set -euo pipefail
build=$(realpath "$1")
samples=$(realpath "$(dirname "$0")/../../sample_spectra")
work=$(mktemp -d)
host=$(hostname -s)
mkdir -p "$work/state" "$work/spool"
chmod 755 "$work"

cat >"$work/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 SocketsPerBoard=1 CoresPerSocket=4 RealMemory=2000
PartitionName=main Nodes=ALL Default=YES
CONF
export SLURM_CONF=$work/slurm.conf

munge_pid=
stop() {
  local name
  for name in slurmd slurmctld; do
    if [[ -s "$work/$name.pid" ]]; then
      kill "$(cat "$work/$name.pid")" 2>/dev/null || true
    fi
  done
  if [[ -n "$munge_pid" ]]; then
    kill "$munge_pid" 2>/dev/null || true
  fi
  sleep 1
  rm -rf "$work"
}
trap stop EXIT

if ! munge -n | unmunge >/dev/null 2>&1; then
  install -d -o munge -m 0755 /run/munge
  install -d -o munge -m 0700 /var/log/munge /var/lib/munge
  runuser -u munge -- /usr/sbin/munged --foreground >"$work/munged.log" 2>&1 &
  munge_pid=$!
  sleep 2
  munge -n | unmunge >/dev/null
fi
setsid slurmctld -D -f "$work/slurm.conf" >/dev/null 2>&1 &
sleep 3
setsid slurmd -D -f "$work/slurm.conf" -N "$host" >/dev/null 2>&1 &
for _ in $(seq 60); do
  if sinfo -h -o %T | grep -q idle; then
    break
  fi
  sleep 1
done

job="$samples/map_4x3.txt --method raman --block-rows 1 -q"
# shellcheck disable=SC2086  # words of the job
"$build/calcispec" batch run $job -o "$work/one.nxs"

cat >"$work/array.sh" <<ARRAY
#!/bin/bash
#SBATCH --array=0-3 --requeue --output=$work/task_%a.log --open-mode=append
if [[ \$SLURM_ARRAY_TASK_ID == 2 && \${SLURM_RESTART_COUNT:-0} == 0 ]]; then
  "$build/calcispec" batch run $job -j 1 -o "$work/many.nxs" &
  sleep 0.2
  kill -KILL \$!
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
  sleep 60
fi
exec "$build/calcispec" batch run $job -j 1 -o "$work/many.nxs"
ARRAY
id=$(sbatch --parsable "$work/array.sh")
merge=$(sbatch --parsable --dependency=afterany:"$id" --output="$work/merge.log" \
  --wrap "'$build/calcispec' batch merge $job --shards 4 -o '$work/many.nxs'")
for _ in $(seq 600); do
  if [[ -z $(squeue -h -j "$merge" 2>/dev/null) ]]; then
    break
  fi
  sleep 1
done
cat "$work"/task_*.log "$work/merge.log"
cmp "$work/one.nxs" "$work/many.nxs"
echo "array of 4 with a requeued task, merged by afterany: same bytes"
