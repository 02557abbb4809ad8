/** Entry of the daemon: `keyhold dev`, `keyhold serve`, `keyhold init`. */

import { HsmError } from "../domain/errors.ts"
import { main } from "./commands.ts"

// An exit code, not process.exit: what has been written still reaches its reader.
main(process.argv.slice(2)).catch((error: unknown) => {
  const known = error instanceof HsmError
  const text = known ? error.message : String(error instanceof Error ? error.stack : error)
  process.stderr.write(`keyhold: ${text}\n`)
  process.exitCode = 1
})
