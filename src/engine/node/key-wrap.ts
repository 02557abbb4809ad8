/** AES key wrap, with and without padding, through node:crypto. */

import { createCipheriv, createDecipheriv } from "node:crypto"
import { decryptionFailed } from "../../domain/errors.ts"
import type { WrapRow } from "../provider.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { join, secretHalf, type NodeKey } from "./key.ts"

const semiblock = 8
/** The initial value of RFC 3394 section 2.2.3.1. */
const kwIv = new Uint8Array(semiblock).fill(0xa6)
/** The alternative initial value of RFC 5649 section 3. */
const kwpIv = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)

function keyWrap({
  suffix,
  iv,
  fits,
}: {
  readonly suffix: "wrap" | "wrap-pad"
  readonly iv: Uint8Array
  readonly fits: WrapRow<NodeKey>["fits"]
}): WrapRow<NodeKey> {
  const keyed = (key: NodeKey) => {
    const kek = secretHalf(key)
    return [`id-aes${(kek.symmetricKeySize ?? 0) * 8}-${suffix}`, kek, iv] as const
  }
  return {
    fits,
    wrap: (key, secret) => {
      const wrapping = createCipheriv(...keyed(key))
      return join(wrapping.update(secret), wrapping.final())
    },
    unwrap: (key, wrapped) => {
      // OpenSSL would also unwrap what no wrapping makes.
      if (!fits(wrapped.length - semiblock)) throw decryptionFailed()
      const unwrapping = createDecipheriv(...keyed(key))
      const first = unwrapping.update(wrapped)
      const secret = new SecretBytes(join(first, unwrapping.final()))
      first.fill(0)
      return secret
    },
  }
}

/** SP 800-38F section 5.3.1: two semiblocks or more. */
export const kw = keyWrap({
  suffix: "wrap",
  iv: kwIv,
  fits: (bytes) => bytes >= 2 * semiblock && bytes % semiblock === 0,
})
export const kwp = keyWrap({ suffix: "wrap-pad", iv: kwpIv, fits: (bytes) => bytes > 0 })
