/** The entry of `keyhold`'s client side: gives a run its process. */

import { runCli } from "./run.ts"

// A reader that closes the pipe (`| head`) has all that it wanted.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1)
})

process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  variables: process.env,
})
