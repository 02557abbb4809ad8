/**
 * Bearer tokens, docs/formats/token.md: `kh1_<partition>_<credential>_<secret><checksum>`.
 *
 * The token names its partition and credential, so that finding its owner needs no global index.
 * The checksum tells a typo from a guess without a look-up, and lets scanners recognise leaks.
 */

import { crc32 } from "node:zlib"
import { base32Length, decodeBase32, encodeBase32 } from "../codec/base32.ts"
import { parseId, type CredentialId, type Instant, type PartitionId } from "../domain/ids.ts"
import { instant } from "../domain/ids.ts"
import type { RandomSource } from "../domain/ports.ts"
import type { Credential } from "../domain/principal.ts"
import type { TokenHasher } from "./ports.ts"

/** What every token begins with; no JWT does, as its first part is base64url of `{"`. */
export const tokenPrefix = "kh1_"

const secretBytes = 32 // As many as the HMAC key: guessing it is hopeless without any limit.
const checksumBytes = 4
const secretLength = base32Length(secretBytes)
const tokenPattern = /^kh1_([0-9a-z]{26})_([0-9a-z]{26})_([0-9a-z]{59})$/

export interface Token {
  readonly partition: PartitionId
  readonly credential: CredentialId
  /** 32 bytes. */
  readonly secret: Uint8Array
}

/** Reads a token strictly; undefined when it is not exactly what {@link formatToken} writes. */
export function parseToken(text: string): Token | undefined {
  const [, partitionText = "", credentialText = "", tail = ""] = tokenPattern.exec(text) ?? []
  const partition = parseId<PartitionId>(partitionText)
  const credential = parseId<CredentialId>(credentialText)
  const secret = decodeBase32(tail.slice(0, secretLength), secretBytes)
  if (partition === undefined || credential === undefined || secret === undefined) return undefined
  const body = text.slice(0, -base32Length(checksumBytes))
  return text === body + checksum(body) ? { partition, credential, secret } : undefined
}

/** Writes a token: 117 characters, all of them fit for a header, a URL and a shell. */
export function formatToken({ partition, credential, secret }: Token): string {
  const body = `${tokenPrefix}${partition}_${credential}_${encodeBase32(secret)}`
  return body + checksum(body)
}

/** CRC-32 (ISO 3309, as in gzip) of all characters before it. */
function checksum(body: string): string {
  const bytes = Buffer.alloc(checksumBytes)
  bytes.writeUInt32BE(crc32(body))
  return encodeBase32(bytes)
}

export interface IssuedToken {
  /** For the principal's record. */
  readonly credential: Extract<Credential, { kind: "token" }>
  /** For its holder; shown once and kept nowhere. */
  readonly token: string
}

/**
 * Makes a bearer token for a principal.
 *
 * @param options - `lifeMs`: 1 to limits.tokenLifeMaxMs, as the caller has checked.
 */
export function issueToken(options: {
  readonly partition: PartitionId
  readonly id: CredentialId
  readonly now: Instant
  readonly lifeMs: number
  readonly random: RandomSource
  readonly hasher: TokenHasher
}): IssuedToken {
  const { partition, id, now, lifeMs, random, hasher } = options
  const secret = random.bytes(secretBytes)
  const hash = hasher.hash(partition, secret)
  const token = formatToken({ partition, credential: id, secret })
  secret.fill(0) // Best effort: the token itself is a string.
  const expiresAt = instant(now + lifeMs)
  return { token, credential: { kind: "token", id, hash, createdAt: now, expiresAt } }
}
