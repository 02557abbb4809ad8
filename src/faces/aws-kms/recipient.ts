/**
 * `Recipient`: answers for a Nitro enclave alone, which has to attest itself to AWS's authority.
 */

import { Fault } from "./fault.ts"

/** @throws {@link Fault} always when there is one: what was meant for an enclave stays inside. */
export function refuseRecipient({ Recipient }: { readonly Recipient: unknown }): void {
  if (Recipient === undefined) return
  throw new Fault(
    "UnsupportedOperationException",
    "Recipient (Nitro attestation) is not supported.",
  )
}
