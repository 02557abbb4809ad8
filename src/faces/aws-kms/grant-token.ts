/**
 * Grant tokens: they name a grant. Grants hold everywhere before `CreateGrant` answers, so that a
 * token gives nothing; one that names no grant is refused all the same. Version 2: 2 (1), account
 * (8, big endian), key (16), grant (32), random (16); base64url.
 */

import { decodeBase64Url, encodeBase64Url } from "../../codec/base64.ts"
import { CodecError } from "../../codec/error.ts"
import { decodeId, encodeId } from "../../codec/id-text.ts"
import type { KeyId } from "../../domain/ids.ts"
import { hasGrant } from "../../service/kms/has-grant.ts"
import { Fault } from "./fault.ts"
import type { Call } from "./operation.ts"

const version = 2
const [accountAt, keyAt, grantAt, randomAt, bytesInAll] = [1, 9, 25, 57, 73] as const
const accountDigits = 12

/** What a token names. */
export interface GrantName {
  /** The key's. */
  readonly account: string
  readonly keyId: KeyId
  /** 64 hexadecimal digits. */
  readonly grant: string
}

/** Another token for a grant; no two are alike. */
export function newGrantToken(call: Call, { account, keyId, grant }: GrantName): string {
  const random = call.ports.random.bytes(bytesInAll - randomAt)
  const number = Buffer.alloc(keyAt - accountAt)
  number.writeBigUInt64BE(BigInt(account))
  const parts = [[version], number, decodeId(keyId, "/keyId"), Uint8Array.fromHex(grant), random]
  return encodeBase64Url(Buffer.concat(parts.map((part) => Uint8Array.from(part))))
}

/** @throws {@link Fault} InvalidGrantTokenException unless it has the form of a token of ours. */
export function readGrantToken(text: string): GrantName {
  const bytes = decode(text)
  if (bytes.length !== bytesInAll || bytes[0] !== version) throw invalidToken()
  const account = Buffer.from(bytes).readBigUInt64BE(accountAt).toString()
  const keyId = encodeId(bytes.subarray(keyAt, grantAt)) as KeyId // 16 bytes are an id.
  const grant = Buffer.from(bytes.subarray(grantAt, randomAt)).toString("hex")
  return { account: account.padStart(accountDigits, "0"), keyId, grant }
}

/** @throws {@link Fault} InvalidGrantTokenException for one that names no grant. */
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
