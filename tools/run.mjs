/** `node tools/run.mjs <script.ts> [arguments]`: runs a script of the clone on the pinned Node. */
import { ensureInstalled, runPinned } from "../bin/bootstrap.mjs"

await ensureInstalled({ dev: true })
await runPinned(process.argv.slice(2))
