#!/usr/bin/env node
/** The `keyhold` command: finds the pinned Node and starts the daemon or the client with it. */
import { join } from "node:path"
import { ensureInstalled, root, runPinned } from "./bootstrap.mjs"

const daemonCommands = ["dev", "serve", "init"]

const args = process.argv.slice(2)
const program = daemonCommands.includes(args[0]) ? "src/daemon/main.ts" : "src/cli/main.ts"

await ensureInstalled()
await runPinned([join(root, program), ...args])
