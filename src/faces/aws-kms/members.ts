/** Members that many operations share, with the bounds of AWS's model. */

import { limits } from "../../domain/limits.ts"
import { blob, choice, flag, integer, list, need, structure, text, texts } from "./shapes.ts"

export const keyId = text({ min: 1, max: 2_048 })
export const neededKeyId = need(keyId)
export const aliasName = need(text({ min: 1, max: 256, pattern: /^[a-zA-Z0-9:/_-]+$/ }))
export const description = text({ max: 8_192 })
export const grantTokens = list(text({ min: 1, max: 8_192 }), { max: 10 })
export const dryRun = flag
export const encryptionContext = texts
export const marker = text({ min: 1, max: 1_024, pattern: /^[\u0020-\u00FF]*$/ })
export const limit = integer({ min: 1, max: 1_000 })
export const tagKey = text({ min: 1, max: limits.tagKeyLengthMax })
export const tags = list(
  structure({
    TagKey: need(tagKey),
    TagValue: need(text({ max: limits.tagValueLengthMax })),
  }),
)
export const recipient = structure({
  KeyEncryptionAlgorithm: choice(["RSAES_OAEP_SHA_256"]),
  AttestationDocument: blob({ min: 1, max: 262_144 }),
})
export const policy = text({ min: 1, max: 131_072, pattern: /^[\t\n\r\u0020-\u00FF]+$/ })
