/** What is dated waits until the node's clock can be relied on. */

import { HsmError, type ErrorDetail } from "../domain/errors.ts"
import type { Ports } from "./ports.ts"

/**
 * @param without - what the node does not do meanwhile.
 * @throws HsmError CONFLICT while the node's clock is in doubt.
 */
export function refuseUnlessSure(
  { clock }: Pick<Ports, "clock">,
  without = "gives no timestamp",
  detail: ErrorDetail = {},
): void {
  if (clock.isSure()) return
  throw new HsmError("CONFLICT", `the node's clock is in doubt: it ${without} now`, {
    retryAfterSeconds: 60,
    ...detail,
  })
}
