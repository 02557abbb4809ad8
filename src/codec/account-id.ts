/** A partition's number in AWS's dialects: 12 digits that follow from its id. */

import { createHash } from "node:crypto"

const digits = 12

/**
 * The account id of a partition. Two partitions of one cluster never share one: the second is
 * refused when it is made.
 *
 * @param partition - its id in written form.
 */
export function accountIdOf(partition: string): string {
  const hash = createHash("sha256").update(`keyhold/account-id/v1\0${partition}`).digest()
  return (hash.readBigUInt64BE() % 10n ** BigInt(digits)).toString().padStart(digits, "0")
}
