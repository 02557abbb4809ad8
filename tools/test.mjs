/**
 * `npm test`: runs the suites on the pinned Node; the runner's own summary comes last.
 * `npm test -- <path or option>...` runs single files or folders, or passes options to the runner.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, statSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join, resolve } from "node:path"
import { ensureInstalled, hasCommand, root, runPinned } from "../bin/bootstrap.mjs"

/** Commands that tests run against, and the Debian packages that have them. */
const wantedCommands = [
  ["openssl", "openssl"],
  ["curl", "curl"],
  ["strace", "strace"],
  ["osslsigncode", "osslsigncode"],
  ["aws", "awscli"],
]
/** As test/support/aws-clients.ts finds it: Debian's package is of Debian's own Python. */
const hasBoto3 = ["python3", "/usr/bin/python3"].some(
  (command) => spawnSync(command, ["-c", "import boto3"]).status === 0,
)

const args = process.argv.slice(2)
const isLong = args.includes("--long")
const options = args.filter((arg) => arg.startsWith("-") && arg !== "--long")
const paths = args.filter((arg) => !arg.startsWith("-"))
const isWhole = paths.length === 0 && options.length === 0

const vectors = resolve(root, process.env.KEYHOLD_VECTORS ?? "../shared/vectors")
const missing = [
  ...wantedCommands
    .filter(([name]) => !hasCommand(name))
    .map(([name, from]) => `the command ${name} is missing: apt-get install ${from}`),
  ...(hasBoto3 ? [] : ["Python's boto3 is missing: apt-get install python3-boto3"]),
  ...(existsSync(vectors) ? [] : [`the test vectors are missing: no folder ${vectors}`]),
]
for (const what of missing) process.stderr.write(`\n!!! ${what}; its tests are skipped\n\n`)

await ensureInstalled({ dev: true })
process.chdir(root)
await runPinned(
  [
    "--test",
    "--test-isolation=process",
    `--test-concurrency=${availableParallelism()}`,
    `--test-reporter=${join(root, "tools/test-reporter.mjs")}`,
    "--test-reporter-destination=stdout",
    ...options,
    ...(paths.length === 0 ? ["test/suites/*.suite.ts"] : paths.map(asPattern)),
  ],
  {
    KEYHOLD_VECTORS: vectors,
    KEYHOLD_TEST_RULES: JSON.stringify({
      testsMin: isWhole ? readFloor() : 0,
      missing,
      isStrict: process.env.CI === "true",
    }),
    ...(isLong ? { KEYHOLD_LONG: "1" } : {}),
  },
)

function readFloor() {
  return JSON.parse(readFileSync(join(root, "tools/test-floor.json"), "utf8")).tests
}

function asPattern(path) {
  const isFolder = existsSync(path) && statSync(path).isDirectory()
  return isFolder ? join(path, "**/*.test.ts") : path
}
