/** A key as both providers hold it. */

import { HsmError } from "../../domain/errors.ts"
import type { NodeKey } from "../node/key.ts"
import type { AesKey, HmacKey, PairKey } from "./addon.ts"

/** node:crypto's for the rows that stay with it, the addon's for its own. */
export interface NativeKey extends NodeKey {
  readonly aes?: AesKey
  readonly hmac?: HmacKey
  readonly pair?: PairKey
}

/** What the row of this provider for the key's algorithm has put there. */
export function half<T>(native: T | undefined): T {
  if (native === undefined)
    throw new HsmError("OPERATION_FORBIDDEN", "only the public half is here")
  return native
}
