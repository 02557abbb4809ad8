/**
 * The runner's own `spec` report, and three demands that the runner does not make: enough tests
 * ran (a stray `process.exit(0)` ends a file as a success), and in CI nothing was skipped and
 * nothing that tests want is missing. Complaints stand before the summary, which stays last.
 */
import { PassThrough } from "node:stream"
import { spec } from "node:test/reporters"

const { testsMin, missing, isStrict } = JSON.parse(
  process.env.KEYHOLD_TEST_RULES ?? '{"testsMin":0,"missing":[],"isStrict":false}',
)

/** Counts in the closing diagnostics of the runner, such as `tests 120`. */
const summaryLine = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/

/** Node's reporter interface: test events in, text out. The default export is what it demands. */
// oxlint-disable-next-line import/no-default-export
export default async function* report(events) {
  const input = new PassThrough({ objectMode: true })
  const output = input.pipe(new spec())
  const feeding = feed(events, input)
  for await (const text of output) yield text
  await feeding
}

/** Passes every event on; holds the closing counts back until the complaints are out. */
async function feed(events, input) {
  const counts = {}
  const held = []
  for await (const event of events) {
    const line =
      event.type === "test:diagnostic" && event.data.nesting === 0
        ? summaryLine.exec(event.data.message)
        : null
    if (line === null) {
      input.write(event)
      continue
    }
    counts[line[1]] = Number(line[2])
    held.push(event)
    if (line[1] !== "duration_ms") continue
    for (const message of complaints(counts)) {
      process.exitCode = 1
      input.write({ type: "test:diagnostic", data: { nesting: 0, message, level: "error" } })
    }
    for (const heldEvent of held.splice(0)) input.write(heldEvent)
  }
  input.end()
}

function complaints({ tests, skipped, todo }) {
  const found = []
  if (tests < testsMin) {
    found.push(`FAILED: ${tests} tests ran, at least ${testsMin} were expected (test-floor.json)`)
  }
  if (isStrict && skipped + todo > 0) {
    found.push(`FAILED: ${skipped + todo} tests were skipped, which CI does not allow`)
  }
  if (isStrict) found.push(...missing.map((what) => `FAILED: ${what}`))
  return found
}
