import sys

print("out", "ünïcode ✓")
print("err", file=sys.stderr)
sys.stdout.write("no newline")
