# What the cluster tests start from: three images and the `kind` program. Each is built once for the digest of what it is
# made of and kept under $cache/images, from where any engine can load it. Sourced by `host`.

kubernetes_version=v1.36.3
coredns_version=v1.14.2
kind_version=v0.33.0
python_base=telcoai.test/python-base:bookworm
machine_base=telcoai.test/machine-base:bookworm
kind_node=telcoai.test/kind-node:$kubernetes_version

digest() { # FOLDER_OR_FILE… beside this file, and first a word of other inputs
  local word="$1"
  shift
  { echo "$word"; (cd "$here" && find "$@" -type f ! -name '*.pyc' -printf '%m ' -print | LC_ALL=C sort -k2); \
    (cd "$here" && find "$@" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 cat); } | sha256sum | cut -c1-16
}

fixtures() {
  local python machine node
  python=$(digest bookworm python)
  machine=$(digest "$python" machine)
  node=$(digest "$machine $kubernetes_version $coredns_version" node kubernetes coredns pause image_archive.py)
  ensure_image "$python_base" "$python" build_python_base
  ensure_image "$machine_base" "$machine" build_machine_base
  ensure_image "$kind_node" "$node" build_kind_node
  ensure_kind
}

ensure_image() { # TAG INPUTS BUILD
  local tag="$1" inputs="$2" build="$3" name kept
  [ "$(docker image inspect -f '{{index .Config.Labels "telcoai.test.inputs"}}' "$tag" 2>/dev/null)" != "$inputs" ] || return 0
  name=$(basename "${tag%:*}")
  kept="$cache/images/$name-$inputs.tar"
  if [ -f "$kept" ]; then
    say "loading $tag from $kept"
    docker load -q -i "$kept" >&2
    return
  fi
  say "building $tag"
  "$build" "$tag" "$inputs"
  mkdir -p "$cache/images"
  rm -f "$cache/images/$name"-*
  docker save -o "$kept.part" "$tag" && mv "$kept.part" "$kept"
  docker image prune -f --filter label=telcoai.test.inputs >/dev/null # what this one replaced
}

build_python_base() {
  local root="$cache/root.$$"
  need_packages debootstrap=debootstrap
  as_root "debootstrap"
  mkdir -p "$root"
  "$here/python/make_root.sh" "$root" >"$cache/debootstrap.log" 2>&1 \
    || give_up "debootstrap failed: $(tail -n 3 "$cache/debootstrap.log")"
  tar -C "$root" --numeric-owner -c . | docker import --change "LABEL telcoai.test.inputs=$2" - "$1" >/dev/null
  rm -rf "$root"
}

build_machine_base() { layered_image "$1" "$2" "$python_base" "$here/machine"; }

layered_image() { # TAG INPUTS BASE FOLDER
  docker build -q --network host --label "telcoai.test.inputs=$2" --build-arg "BASE=$3" -t "$1" "$4" \
    -f "$4/Containerfile" >/dev/null || give_up "building $1 failed: see above"
}

build_kind_node() { # the Containerfile first, then its containerd's store from a container of that
  local empty="${1%:*}:empty" build="$cache/node.$$" container
  programs
  layered_image "$empty" none "$machine_base" "$here/node"
  mkdir -p "$build/build/bin"
  for one in kubernetes coredns pause; do cp "$(program "$one")" "$build/build/bin/$one"; done
  cp "$here/image_archive.py" "$here/node/fill_store.sh" "$build/build/"
  container=$(docker create --privileged --network none --mount type=volume,dst=/store \
    --entrypoint /store/build/fill_store.sh "$empty" "$kubernetes_version")
  docker cp "$build/." "$container:/store" >&2
  docker start -a "$container" >&2 || give_up "filling the node image's store failed: see above"
  docker commit --change "LABEL telcoai.test.inputs=$2" \
    --change 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/lib/systemd/systemd"]' --change 'CMD []' "$container" "$1" >/dev/null
  docker rm -v "$container" >/dev/null
  docker rmi "$empty" >/dev/null
  rm -rf "$build"
}
