# The Go programs of the fixtures, compiled from the Go module proxy; kept under $cache/programs. Sourced by `host`.

program() { # NAME: where the compiled program is kept
  local inputs
  case "$1" in
    kubernetes) inputs=$(digest "$kubernetes_version" kubernetes) ;;
    *) inputs=$(digest "" "$1") ;;
  esac
  echo "$cache/programs/$1-$inputs"
}

programs() {
  local version=k8s.io/component-base/version
  local minor="${kubernetes_version#v1.}"
  compile pause ""
  compile coredns ""
  compile kubernetes "-X $version.gitVersion=$kubernetes_version -X $version.gitMajor=1 -X $version.gitMinor=${minor%.*} -X $version.gitTreeState=clean"
}

compile() { # FOLDER LDFLAGS
  local out
  out=$(program "$1")
  [ ! -x "$out" ] || return 0
  need_go
  say "compiling $1 from the Go module proxy (Kubernetes: about 7 minutes on two cores; log: $cache/programs/$1.log)"
  mkdir -p "$cache/programs"
  rm -f "$cache/programs/$1"-*
  (cd "$here/$1" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w $2" -o "$out.part" .) \
    >"$cache/programs/$1.log" 2>&1 || give_up "compiling $1 failed: $(tail -n 5 "$cache/programs/$1.log")"
  mv "$out.part" "$out"
}

ensure_kind() {
  kind_folder=""
  if command -v kind >/dev/null; then return; fi
  kind_folder="$cache/kind-$kind_version"
  if [ ! -x "$kind_folder/kind" ]; then
    need_go
    say "compiling kind $kind_version"
    CGO_ENABLED=0 GOBIN="$kind_folder" go install -trimpath "sigs.k8s.io/kind@$kind_version" >&2 \
      || give_up "compiling kind failed: see above"
  fi
}

need_go() { # a Go that is new enough, or one that fetches a newer toolchain itself
  local minor
  export GOTOOLCHAIN="${GOTOOLCHAIN:-auto}"
  minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  if [ "${minor:-0}" -ge 21 ]; then return; fi
  say "fetching a Go toolchain"
  python3 "$here/go_toolchain.py" "$cache/go" >&2 || give_up "no Go of 1.21 or newer here, and fetching one failed"
  export PATH="$cache/go/bin:$PATH"
}
