/** What the node states about a partition in the TSB dialect, signed by its integrity key. */

import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"

/**
 * Signs what the caller has just been shown of his own partition: ECDSA on P-256 with SHA-256, DER.
 * Timestamps, which the same key signs, begin with a length that no text begins with.
 */
export function signIntegrity(ports: Ports, { caller }: Context, text: Uint8Array): Uint8Array {
  return ports.records.keyholder.signTimestamp(caller.partition, text)
}

/** SPKI DER of the key that signs timestamps and statements of the caller's partition. */
export function integrityPublicKey(ports: Ports, { caller }: Context): Uint8Array {
  return ports.records.keyholder.timestampPublicKey(caller.partition)
}
