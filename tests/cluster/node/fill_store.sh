#!/bin/bash
# Runs in a container of the node image that is being made, with a real file system at /store and what was built
# in /store/build: puts the control plane's images into containerd's store, so that no node has to import them.
set -euo pipefail
version="$1"
layers=/store/layers kept=/kind/store

program_layers() {
  install -D /store/build/bin/kubernetes "$layers/kubernetes/usr/local/bin/kubernetes"
  for one in etcd kube-apiserver kube-controller-manager kube-proxy kube-scheduler; do
    ln -s kubernetes "$layers/kubernetes/usr/local/bin/$one"
  done
  install -D /store/build/bin/coredns "$layers/coredns/coredns"
  install -D /store/build/bin/pause "$layers/pause/pause"
}

filter_layer() { # what kube-proxy calls; nothing else of a Debian is in its image
  local libraries one path
  libraries=$(echo /usr/lib/*-linux-gnu)
  mkdir -p "$layers/filter$libraries" "$layers/filter/usr/sbin"
  cp -r "$libraries/xtables" "$layers/filter$libraries/"
  cp /usr/sbin/nft /usr/sbin/xtables-nft-multi "$layers/filter/usr/sbin/"
  for one in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -s xtables-nft-multi "$layers/filter/usr/sbin/$one"
  done
  ldd /usr/sbin/nft /usr/sbin/xtables-nft-multi "$libraries"/xtables/*.so | grep -oE '[[:space:]]/[^ ]+' | sort -u | while read -r path; do
    install -D "$(readlink -f "$path")" "$layers/filter$path"
  done
}

image_list() { # on stdin the names that kubeadm asks for
  python3 -c '
import json, sys
layers = {"coredns": ["coredns"], "pause": ["pause"], "kube-proxy": ["kubernetes", "filter"]}
entrypoints = {"coredns": ["/coredns"], "pause": ["/pause"]}
def image(tag):
    name = tag.rpartition("/")[2].partition(":")[0]
    folders = [sys.argv[1] + "/" + one for one in layers.get(name, ["kubernetes"])]
    return {"tags": [tag], "layers": folders, "entrypoint": entrypoints.get(name, [])}
print(json.dumps([image(tag) for tag in sys.stdin.read().split()]))' "$layers"
}

import() {
  containerd --root /store/containerd --state /store/state --address /store/containerd.sock >/store/containerd.log 2>&1 &
  for _ in $(seq 100); do [ -S /store/containerd.sock ] && break; sleep 0.1; done
  ctr -a /store/containerd.sock -n k8s.io images import --all-platforms /store/images.tar >&2
  ctr -a /store/containerd.sock -n k8s.io images ls -q >&2
  kill $! && wait $! || true
}

# kind gives each node a volume at /var and Docker copies the image's /var into it: what is big is moved out and a link
# left, so that all nodes read the same files of the image.
keep() {
  local snapshots=io.containerd.snapshotter.v1.overlayfs/snapshots blobs=io.containerd.content.v1.content/blobs/sha256
  mkdir -p "$kept/snapshots" "$kept/blobs" /var/lib/containerd
  cp -a /store/containerd/. /var/lib/containerd/
  cd /var/lib/containerd
  for one in "$snapshots"/*; do
    mv "$one/fs" "$kept/snapshots/${one##*/}"
    ln -s "$kept/snapshots/${one##*/}" "$one/fs"
  done
  find "$blobs" -type f -size +100k | while read -r one; do
    mv "$one" "$kept/blobs/"
    ln -s "$kept/blobs/${one##*/}" "$one"
  done
}

program_layers
filter_layer
ln -s "$layers/kubernetes/usr/local/bin/kubernetes" /store/kubeadm
names=$(/store/kubeadm config images list --kubernetes-version "$version")
image_list <<<"$names" >/store/images.json
python3 /store/build/image_archive.py /store/images.tar /store/images.json
import
keep
multicall=$(echo "$kept"/snapshots/*/usr/local/bin/kubernetes)
for one in kubeadm kubectl kubelet node-network; do ln -s "$multicall" "/usr/bin/$one"; done
pause=$(grep '/pause:' <<<"$names")
sed -i "s|@PAUSE@|$pause|" /etc/containerd/config.toml
echo "$version" >/kind/version
