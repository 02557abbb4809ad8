/**
 * `npm run check`: types, lint, format, generated files and tidy; all run, one failure fails it.
 */
import { spawnSync } from "node:child_process"
import { delimiter, join } from "node:path"
import { ensureInstalled, pinnedNode, root } from "../bin/bootstrap.mjs"

await ensureInstalled({ dev: true })

const checks = [
  ["types", "tsc", "--noEmit", "-p", "."],
  ["lint", "oxlint", "--deny-warnings"],
  ["format", "oxfmt", "--check", "."],
  ["generated", pinnedNode(), "tools/generate-api.ts", "--check"],
  ["tidy", pinnedNode(), "--test", "--test-reporter=dot", "test/tools/tidy.test.ts"],
]

// The tools' own start scripts run on the pinned Node as well: .bin holds it under the name `node`.
const env = {
  ...process.env,
  PATH: [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
}

for (const [name, command, ...args] of checks) {
  process.stdout.write(`check: ${name}\n`)
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: "inherit" })
  if (status !== 0) {
    process.stdout.write(`check: ${name} FAILED\n`)
    process.exitCode = 1
  }
}
