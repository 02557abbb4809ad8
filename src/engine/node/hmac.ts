/** HMAC (FIPS 198-1) through node:crypto. */

import { createHmac } from "node:crypto"
import type { MacRow } from "../provider.ts"
import { plain, secretHalf, type NodeKey } from "./key.ts"

/** One row per hash; the tag is as long as the hash. */
export function hmac(hash: "sha256" | "sha384" | "sha512"): MacRow<NodeKey> {
  return {
    mac: (key, message) => plain(createHmac(hash, secretHalf(key)).update(message).digest()),
  }
}
