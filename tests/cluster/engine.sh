# The container engine: the one that answers, or a dockerd of our own. Sourced by `host`.

engine_folder="$cache/engine"
engine_socket="unix://$engine_folder/docker.sock"
engine_pid="$engine_folder/docker.pid"

engine_answers() { command -v docker >/dev/null && timeout 10 docker info >/dev/null 2>&1; }

ours_answers() { [ -S "${engine_socket#unix://}" ] && DOCKER_HOST="$engine_socket" engine_answers; }

engine_up() {
  if engine_answers; then return; fi
  if ! ours_answers; then
    as_root "no container engine answers, and starting one"
    need_packages dockerd=docker.io docker=docker.io iptables=iptables
    command -v docker >/dev/null || need_packages docker=docker-cli
    if engine_answers; then return; fi # the package's own service
    start_engine
  fi
  export DOCKER_HOST="$engine_socket"
}

start_engine() {
  say "starting dockerd (its log: $engine_folder/dockerd.log)"
  mkdir -p "$engine_folder/data"
  engine_configuration >"$engine_folder/daemon.json"
  rm -f "$engine_pid" "${engine_socket#unix://}"
  setsid nohup dockerd --config-file "$engine_folder/daemon.json" >"$engine_folder/dockerd.log" 2>&1 </dev/null 9>&- &
  for _ in $(seq 100); do
    if ours_answers; then return; fi
    kill -0 $! 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$engine_folder/dockerd.log" >&2
  give_up "dockerd didn't start within 20 s; the end of its log is above"
}

engine_configuration() {
  local runtime=""
  if ! held_capability 24; then # CAP_SYS_RESOURCE
    install -m 755 "$here/runtime_within_rights.py" "$engine_folder/runtime_within_rights"
    runtime=', "default-runtime": "within-rights", "runtimes": {"within-rights": {"path": "'$engine_folder'/runtime_within_rights"}}'
  fi
  cat <<END
{"data-root": "$engine_folder/data", "exec-root": "$engine_folder/exec", "pidfile": "$engine_pid", "hosts": ["$engine_socket"],
 "exec-opts": ["native.cgroupdriver=cgroupfs"]$runtime}
END
}

held_capability() { (((0x$(awk '/^CapBnd/ {print $2}' /proc/self/status) >> $1) & 1)); }

engine_down() {
  local pid
  pid=$(cat "$engine_pid" 2>/dev/null) || return 0
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
    DOCKER_HOST="$engine_socket" docker ps -q | DOCKER_HOST="$engine_socket" xargs -r docker kill >/dev/null
    kill "$pid"
    for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
    kill -0 "$pid" 2>/dev/null && give_up "dockerd ($pid) still runs 30 s after it was asked to end"
  fi
  awk -v folder="$engine_folder/" 'index($2, folder) == 1 {print $2}' /proc/mounts | sort -r | xargs -r -n1 umount
  rm -rf "$engine_folder/exec" "$engine_pid" "${engine_socket#unix://}"
}
