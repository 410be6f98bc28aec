#!/usr/bin/env node
import { main } from './cli.ts';

const { stdout, stderr, env } = process;
const status = await main(process.argv.slice(2), { stdout, stderr, env, cwd: process.cwd() });
if (typeof status === 'string') process.kill(process.pid, status);
else process.exitCode = status;
