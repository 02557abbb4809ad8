/** Keys wrapped as JWE (RFC 7516), which any JOSE library makes with a public key alone. */

import { compactDecrypt } from "jose/jwe/compact/decrypt"
import { CompactEncrypt } from "jose/jwe/compact/encrypt"
import { decodeBase64Url } from "../../codec/base64.ts"
import type { WrapRow } from "../provider.ts"
import { SecretBytes } from "../secret-bytes.ts"
import { publicHalf, secretHalf, type NodeKey } from "./key.ts"

const alg = "ECDH-ES+A256KW"
const enc = "A256GCM"
/** Compact serialization, of an ephemeral key for each: RFC 7518 sections 4.6 and 5.3. */
export const ecdhEsA256Kw: WrapRow<NodeKey> = {
  fits: (bytes) => bytes > 0,
  wrap: async (key, secret) => {
    const jwe = new CompactEncrypt(secret).setProtectedHeader({ alg, enc })
    return new TextEncoder().encode(await jwe.encrypt(publicHalf(key)))
  },
  unwrap: async (key, wrapped) => {
    const text = Buffer.from(wrapped).toString("latin1")
    // Decoders are more lenient than RFC 7515 section 2; this one throws.
    for (const part of text.split(".")) decodeBase64Url(part, "/wrapped")
    const { plaintext } = await compactDecrypt(text, secretHalf(key), {
      keyManagementAlgorithms: [alg],
      contentEncryptionAlgorithms: [enc],
    })
    return new SecretBytes(plaintext)
  },
}
