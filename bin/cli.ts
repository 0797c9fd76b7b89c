#!/usr/bin/env node
import { runCli } from './cli/run.ts';
import { processTerminal } from './cli/terminal.ts';

// Not process.exit(): what is still to be written to a pipe would be cut off.
process.exitCode = await runCli(process.argv.slice(2), processTerminal());
