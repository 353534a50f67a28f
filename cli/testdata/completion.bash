_wherry() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} flags= keys=
  if [ "$COMP_CWORD" = 1 ] && [[ $word != -* ]]; then
    COMPREPLY=($(compgen -W "run compile wast validate print parse objdump component bindgen completion help" -- "$word") $(compgen -f -- "$word"))
    return
  fi
  if [ "$command" = component ]; then
    if [ "$COMP_CWORD" = 2 ]; then
      COMPREPLY=($(compgen -W "wit compose targets embed new" -- "$word"))
      return
    fi
    command="component ${COMP_WORDS[2]}"
  fi
  case $before in
    -W|--wasm) keys="fuel= timeout= max-wasm-stack= max-memory-size= max-table-elements= max-instances= max-tables= max-memories= max-gc-heap-size= unknown-imports-trap unknown-imports-default trap-on-grow-failure nan-canonicalization relaxed-simd-deterministic all-proposals mutable-global saturating-float-to-int sign-extension multi-value bulk-memory reference-types simd relaxed-simd tail-call extended-const function-references gc exceptions multi-memory memory64 threads wide-arithmetic custom-page-sizes compact-imports component-model-async component-model-map component-model-implements component-model-more-async-builtins component-model-async-stackful component-model-threading component-model-shared-threads component-model-error-context component-model-fixed-length-lists component-model-memory64 component-model-values component-model-canonical-names component-model-nested-names help help-long" ;;
    -S|--wasi) keys="cli common inherit-env inherit-stdin inherit-stdout inherit-stderr cwd= preview2 tcplisten= listenfd hostcall-fuel= inherit-network allow-address= tcp udp allow-ip-name-lookup network-error-code cli-exit-with-code inherit-timezone max-resources= max-component-handles= max-random-size= threads max-threads= help help-long" ;;
    -D|--debug) keys="tiers= trace= trace-file= profile= perf-map jitdump gdb profile-summary help help-long" ;;
    -C|--codegen) keys="cache cache-dir= cache-size= help help-long" ;;
    -O|--optimize) keys="opt-level= accumulators destination-folding address-folding compare-and-branch branch-table-index pinned-locals joined-handlers pinned-floats unread-locals near-headers repeated-dispatch signals-based-traps lazy-validation gc-stress gc-stats validation-threads= help help-long" ;;
    --dir|--mapdir) COMPREPLY=($(compgen -d -- "$word")); return ;;
  esac
  if [ -n "$keys" ]; then
    local prefix=
    [[ $word == *,* ]] && prefix=${word%,*},
    COMPREPLY=($(compgen -P "$prefix" -W "$keys" -- "${word##*,}"))
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return
  fi
  case $command in
    "run") flags="--dir --mapdir --env --invoke --preload --argv0 --fuel --timeout --allow-precompiled --help --version -W -S -D -C -O" ;;
    "compile") flags="--target --target-cpu --trap-precision --threads --emit --time-passes --verify --output --help --version -W -O" ;;
    "wast") flags="--known-failures --engine --wherryc --help --version -W -D -O" ;;
    "validate") flags="--help --version -W" ;;
    "print") flags="--output --skeleton --print-offsets --no-names --help --version" ;;
    "parse") flags="--output --no-names --help --version" ;;
    "objdump") flags="--funcs --slots --help --version -W -O" ;;
    "component") flags="--help --version" ;;
    "component wit") flags="--output --json --no-docs --main-only --binary --features --all-features --help --version" ;;
    "component compose") flags="--output --help --version" ;;
    "component targets") flags="--world --features --all-features --help --version" ;;
    "component embed") flags="--output --encoding --world --features --all-features --help --version" ;;
    "component new") flags="--output --adapt --realloc-via-memory-grow --help --version" ;;
    "bindgen") flags="--output --world --features --all-features --help --version" ;;
    "completion") flags="--help --version" ;;
    "help") flags="--man --help --version" ;;
    *) flags="--dir --mapdir --env --invoke --preload --argv0 --fuel --timeout --allow-precompiled --help --version -W -S -D -C -O" ;;
  esac
  case $command in
    completion) flags+=" bash zsh fish" ;;
    help) flags+=" run compile wast validate print parse objdump component bindgen completion help" ;;
  esac
  COMPREPLY=($(compgen -W "$flags" -- "$word"))
  [[ $word == -* ]] || COMPREPLY+=($(compgen -f -- "$word"))
}
complete -o filenames -F _wherry wherry
