# The shell that DVC gives a stage's commands to, under `stagelight run`: it says when a command begins and ends, and has
# the user's own shell run it. `SHELL` is one of the files beside this one, so that DVC sees the name of the user's shell and
# gives it the options that it gives to that one. POSIX sh, and no program is started that isn't needed: it is in the way of
# every command. Whatever goes wrong in here, the command runs.

real=${STAGELIGHT_SHELL:-/bin/sh}
# Inside, all is as if we weren't there.
if [ -n "$STAGELIGHT_SHELL" ]; then SHELL=$STAGELIGHT_SHELL; else unset SHELL; fi
unset STAGELIGHT_SHELL

inbox=$STAGELIGHT_RUN_DIR/inbox
# No command of DVC's, or the run has ended, as it may have for a worker of `dvc queue`.
if [ -z "$DVC_STAGE" ] || [ ! -d "$inbox" ]; then exec "$real" "$@"; fi

now() {
  time=$(date +%s%N)
  # Not everybody's `date` has nanoseconds.
  case $time in *[!0-9]*) time=$(date +%s)000000000 ;; esac
}

# Sets `json` to a text as JSON has it between quotes.
json() {
  json=$1
  case $json in *[\"\\]* | *[[:cntrl:]]*) ;; *) return ;; esac
  rest=$json json=
  while :; do
    case $rest in *[\"\\]* | *[[:cntrl:]]*) ;; *) break ;; esac
    before=${rest%%[\"\\[:cntrl:]]*}
    rest=${rest#"$before"}
    special=${rest%"${rest#?}"}
    rest=${rest#?}
    case $special in
      '"') special='\"' ;;
      "\\") special="\\\\" ;;
      "$newline") special='\n' ;;
      "$tab") special='\t' ;;
      *) special=' ' ;;
    esac
    json=$json$before$special
  done
  json=$json$rest
}
newline='
'
tab='	'

# Sets `hash` to the first 16 digits of a text's SHA-256.
hash() {
  hash=$(printf %s "$1" | { sha256sum || shasum -a 256; } 2>/dev/null)
  hash=${hash%"${hash#????????????????}"}
}

# Makes a file that isn't there yet; only one of those who try succeeds.
make() {
  (set -C && printf '%s\n' "$2" >"$1") 2>/dev/null
}

# Whether the stage's execution in this DVC process is the one of a claim.
is_mine() {
  [ -f "$1" ] && read -r who name _ <"$1" && [ "$who $name" = "dvc $process" ]
}

# Numbers the execution, as src/spool/claims.ts says, where DVC's own process hasn't. Sets `stage_span`.
claim() {
  process=$PPID
  if [ -r "/proc/$PPID/stat" ]; then
    read -r stat <"/proc/$PPID/stat"
    # Behind the program's name, which may hold blanks itself, the 20th field is when it started.
    set -- ${stat##*) }
    process=$PPID.${20}
  fi
  hash "$DVC_STAGE"
  [ -n "$hash" ] || return
  claims=$STAGELIGHT_RUN_DIR/claims/$hash
  number=1
  while [ -f "$claims.$number" ]; do
    if is_mine "$claims.$number" || is_mine "$claims.$number.joined"; then break; fi
    number=$((number + 1))
  done
  if [ ! -f "$claims.$number" ]; then
    number=1
    # A file that can't be made and isn't there is a disk that takes nothing.
    until make "$claims.$number" "dvc $process $time"; do
      read -r who _ <"$claims.$number" || return
      if [ "$who" = console ] && make "$claims.$number.joined" "dvc $process $time"; then break; fi
      number=$((number + 1))
    done
  fi
  hash "$STAGELIGHT_RUN_ID$newline$DVC_STAGE$newline$number"
  stage_span=$hash
}

# What this shell tells stands in an inbox of its own.
tell() {
  printf '%s\n' "$1" >>"$file"
}

now
trace=${TRACEPARENT#??-}
outer_span=${trace#*-}
outer_span=${outer_span%%-*}
trace=${trace%%-*}
file=$inbox/$$-$time.jsonl
{ : >"$file"; } 2>/dev/null || exec "$real" "$@"

for command; do :; done # the last argument
json "$DVC_STAGE"
stage=$json
json "$command"
command=$json

stage_span=
told=
if [ "$STAGELIGHT_STAGE" = "$PPID:$DVC_STAGE" ]; then
  stage_span=$outer_span
else
  claim
  if [ -n "$stage_span" ]; then
    told="\"stage\":\"$stage\",\"span\":\"$stage_span\",\"parent\":\"$outer_span\",\"dvc\":$PPID"
    tell "{\"type\":\"dvc-stage\",\"time\":\"$time\",\"phase\":\"start\",$told}"
    export TRACEPARENT="00-$trace-$stage_span-01" STAGELIGHT_STAGE="$PPID:$DVC_STAGE"
  fi
fi
# What MLflow's runs are tagged with, in one JSON object: of two of one name the last counts.
case $MLFLOW_RUN_CONTEXT in
  '{'*'"'*'}') export MLFLOW_RUN_CONTEXT="${MLFLOW_RUN_CONTEXT%?},\"stagelight.stage\":\"$stage\"}" ;;
esac

# Of one command there is only one observer, so any ID does that no other has.
span=$(printf %08x%08x $$ $((time / 1000 % 4294967296)))
tell "{\"type\":\"span-start\",\"kind\":\"command\",\"time\":\"$time\",\"span\":\"$span\",\"parent\":\"${stage_span:-$outer_span}\",\
\"name\":\"\",\"attributes\":{\"process.pid\":$$,\"process.command_line\":\"$command\"}}"

here=${0%/*}
set -- "$file" "$span" "$told" "$real" "$@"
if command -v perl >/dev/null 2>&1; then set -- perl "$here/run.pl" "$@"; else set -- sh "$here/run.sh" "$@"; fi
# What goes to a file comes by on no console: it is caught here, on its way there.
if { [ -f /dev/fd/1 ] || [ -f /dev/fd/2 ]; } && [ -x "$STAGELIGHT_NODE" ]; then
  set -- "$STAGELIGHT_NODE" "$STAGELIGHT_CLI" capture "${stage_span:-$outer_span}" "$DVC_STAGE" -- "$@"
fi
exec "$@"
