/** Makes the client from options and variables; loaded with the SDK, by the first call. */

import { findConnection, Keyhold } from "@keyhold/sdk"
import type { Input } from "./input.ts"
import { roles } from "./vocabulary.ts"

/** @throws CliError USAGE, KeyholdError CONFIGURATION. */
export function connect(
  globals: Input,
  variables: Readonly<Record<string, string | undefined>>,
): Keyhold {
  const connection = findConnection(
    {
      url: globals.maybe("url"),
      tokenFile: globals.maybe("tokenFile"),
      caFile: globals.maybe("caFile"),
      clientCertFile: globals.maybe("clientCert"),
      clientKeyFile: globals.maybe("clientKey"),
    },
    variables,
    globals.oneOf("as", roles),
  )
  const seconds = globals.seconds("timeout")
  return new Keyhold({
    ...connection,
    timeoutMs: seconds === undefined ? undefined : seconds * 1000,
  })
}
