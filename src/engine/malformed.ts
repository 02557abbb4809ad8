/** The engine's refusals of what a caller sent. */

import { HsmError } from "../domain/errors.ts"

/** `field` is a JSON pointer into what the engine was given: `/material`, `/iv`, `/mechanism`. */
export function malformed(field: string, message: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", message, { field })
}
