# What run.pl does, where there is no perl: without CPU time and memory, and with 128 and more taken for a signal.
inbox=$1 span=$2 told=$3
shift 3
trap : INT QUIT TERM HUP
"$@"
code=$?
time=$(date +%s%N)
case $time in *[!0-9]*) time=$(date +%s)000000000 ;; esac
signal=
case $code in 129 | 130 | 131 | 134 | 137 | 139 | 141 | 143) signal=$(kill -l "$code") ;; esac
if [ -n "$signal" ]; then
  failure="\"status\":\"error\",\"errorType\":\"SIG$signal\"" told_code=$((128 - code))
elif [ "$code" = 0 ]; then
  failure="\"attributes\":{\"process.exit.code\":0}" told_code=0
else
  failure="\"status\":\"error\",\"errorType\":\"$code\",\"attributes\":{\"process.exit.code\":$code}" told_code=$code
fi
printf '%s\n' "{\"type\":\"span-end\",\"time\":\"$time\",\"span\":\"$span\",$failure}" >>"$inbox"
if [ -n "$told" ]; then
  printf '%s\n' "{\"type\":\"dvc-stage\",\"time\":\"$time\",\"phase\":\"end\",$told,\"exitCode\":$told_code}" >>"$inbox"
fi
if [ -n "$signal" ]; then
  trap - "$signal"
  kill -s "$signal" $$
fi
exit "$code"
