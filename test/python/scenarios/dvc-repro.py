# needs: dvc
import os
import subprocess

stages = """
stages:
  a: {cmd: echo 1 > a.txt, outs: [a.txt]}
  b: {cmd: "python -c 'import logging; logging.warning(1)' && cp a.txt b.txt", deps: [a.txt], outs: [b.txt]}
  c: {cmd: exit 3, deps: [b.txt]}
  d: {cmd: cp a.txt d.txt, deps: [a.txt], outs: [d.txt]}
"""
os.makedirs("project")
os.chdir("project")
with open("dvc.yaml", "w") as file:
    file.write(stages)
for command in (
    ["git", "init", "-q"],
    ["dvc", "init", "-q"],
    ["dvc", "repro", "b"],
    ["dvc", "repro", "b"],
    ["dvc", "repro", "--dry", "-f", "b"],
    ["dvc", "repro", "-k"],
):
    print(">", command, flush=True)
    print(subprocess.run(command).returncode, flush=True)
print(open("dvc.lock").read())
