/** Leave to hear that there are no custom key stores. */

import { HsmError } from "../../domain/errors.ts"
import { perform } from "../act.ts"
import type { Context } from "../commands.ts"
import type { Ports } from "../ports.ts"

/**
 * Asks the decision about what a key store would lead to: its keys, seen or made.
 *
 * @throws HsmError OPERATION_FORBIDDEN, AUDIT_UNAVAILABLE, STORE_UNAVAILABLE.
 */
export async function checkKeyStores(
  ports: Ports,
  context: Context,
  what: "list" | "change",
): Promise<void> {
  const operation = what === "list" ? "key.list" : "key.create"
  const asked = perform(ports, { ...context, dryRun: true }, { operation }, () => {})
  await asked.catch((error: unknown) => {
    if (!(error instanceof HsmError) || error.code !== "DRY_RUN") throw error
  })
}
