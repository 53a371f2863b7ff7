# Read by the tests here: a Slurm cluster of two nodes on this machine, with daemons, ports, sockets and files of its own, gone at
# the end. Needs $work, a folder. cluster_start ends the test with 77 where Slurm is not installed or does not start.

skip() { echo "skipped: $*"; exit 77; }

free_ports() { # free_ports COUNT
  python3 - "$1" <<'PY'
import socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(s.getsockname()[1] for s in sockets))
PY
}

cluster_start() {
  local program me ctld one two
  for program in sbatch squeue scontrol sinfo slurmctld slurmd munged; do
    command -v $program >/dev/null || PATH=$PATH:/usr/sbin:/sbin
    command -v $program >/dev/null || skip "$program is not installed (apt-get install slurm-wlm munge)"
  done
  me=$(id -un)
  cluster=$(mktemp -d /tmp/inpaintlab-slurm-XXXXXX) # a socket's path is short
  mkdir -p "$cluster"/{state,spool/n1,spool/n2,log,munge}
  chmod 755 "$cluster" "$cluster/munge"
  head -c 128 /dev/urandom >"$cluster/munge/key"
  chmod 400 "$cluster/munge/key"
  read -r ctld one two <<<"$(free_ports 3)"
  cat >"$cluster/slurm.conf" <<CONF
ClusterName=lab
SlurmctldHost=localhost
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
AuthInfo=socket=$cluster/munge/socket,cred_expire=5
CryptoType=crypto/munge
MailProg=/bin/true
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool/%n
SlurmctldPort=$ctld
SlurmctldLogFile=$cluster/log/ctld.log
SlurmdLogFile=$cluster/log/d.%n.log
SlurmctldPidFile=$cluster/ctld.pid
SlurmdPidFile=$cluster/d.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=1,sched_interval=2
ReturnToService=2
KillWait=5
MinJobAge=600
MaxArraySize=${MAX_ARRAY:-1001}
NodeName=n[1-2] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[$one,$two] CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$cluster/slurm.conf
  munged --force --socket="$cluster/munge/socket" --key-file="$cluster/munge/key" --pid-file="$cluster/munge/pid" \
    --log-file="$cluster/log/munge.log" --seed-file="$cluster/munge/seed" >"$cluster/log/start" 2>&1 ||
    skip "munged does not start: $(tail -n 1 "$cluster/log/start")"
  { slurmctld -i && slurmd -N n1 && slurmd -N n2; } >>"$cluster/log/start" 2>&1 ||
    skip "Slurm does not start: $(tail -n 1 "$cluster/log/start")"
  for ((i = 0; i < 60; i++)); do
    [ "$(sinfo -h -N -o %t 2>/dev/null | grep -c idle)" = 2 ] && return
    sleep 0.5
  done
  skip "the nodes do not come up: $(tail -n 1 "$cluster/log/ctld.log")"
}

# Ends our daemons, by their ids, and what they still run.
cluster_stop() {
  [ -n "${cluster:-}" ] || return
  scancel -u "$(id -un)" 2>/dev/null
  for ((i = 0; i < 20; i++)); do
    [ -n "$(squeue -h 2>/dev/null)" ] || break
    sleep 0.5
  done
  for file in d.n1.pid d.n2.pid ctld.pid munge/pid; do
    pid=$(cat "$cluster/$file" 2>/dev/null) && kill "$pid" 2>/dev/null
  done
  sleep 1
  rm -rf "$cluster"
  cluster=
}
