/**
 * Grant tokens: they name a grant. Grants hold everywhere before `CreateGrant` answers, so that a
 * token gives nothing; one that names no grant is refused all the same. Version 1: 1 (1), key (16),
 * grant (32), random (16); base64url.
 */

import { decodeBase64Url, encodeBase64Url } from "../../codec/base64.ts"
import { CodecError } from "../../codec/error.ts"
import { decodeId, encodeId } from "../../codec/id-text.ts"
import type { KeyId } from "../../domain/ids.ts"
import { hasGrant } from "../../service/kms/has-grant.ts"
import { Fault } from "./fault.ts"
import type { Call } from "./operation.ts"

const version = 1
const [keyAt, grantAt, randomAt, bytesInAll] = [1, 17, 49, 65] as const

/** What a token names. */
export interface GrantName {
  readonly keyId: KeyId
  /** 64 hexadecimal digits. */
  readonly grant: string
}

/** Another token for a grant; no two are alike. */
export function newGrantToken(call: Call, { keyId, grant }: GrantName): string {
  const random = call.ports.random.bytes(bytesInAll - randomAt)
  const parts = [[version], decodeId(keyId, "/keyId"), Uint8Array.fromHex(grant), random]
  return encodeBase64Url(Buffer.concat(parts.map((part) => Uint8Array.from(part))))
}

/** @throws {@link Fault} InvalidGrantTokenException unless it has the form of a token of ours. */
export function readGrantToken(text: string): GrantName {
  const bytes = decode(text)
  if (bytes.length !== bytesInAll || bytes[0] !== version) throw invalidToken()
  const keyId = encodeId(bytes.subarray(keyAt, grantAt)) as KeyId // 16 bytes are an id.
  return { keyId, grant: Buffer.from(bytes.subarray(grantAt, randomAt)).toString("hex") }
}

/** @throws {@link Fault} InvalidGrantTokenException for one that names no grant of the account. */
export async function checkGrantTokens(call: Call, tokens: unknown): Promise<void> {
  if (!Array.isArray(tokens)) return
  for (const text of tokens) {
    const name = readGrantToken(String(text))
    if (!(await hasGrant(call.ports, call.context, name))) throw invalidToken()
  }
}

export function invalidToken(): Fault {
  return new Fault("InvalidGrantTokenException", "The grant token is not valid.")
}

function decode(text: string): Uint8Array {
  try {
    return decodeBase64Url(text, "/GrantToken")
  } catch (error) {
    if (error instanceof CodecError) throw invalidToken()
    throw error
  }
}
