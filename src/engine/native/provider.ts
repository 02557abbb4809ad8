/**
 * The provider that calls OpenSSL through the addon: node:crypto's tables, with the rows that one
 * call serves better put in place of theirs. Only what is measured to be faster is here.
 */

import assert from "node:assert/strict"
import { decryptionFailed } from "../../domain/errors.ts"
import { defaultMechanism, keyAlgorithm, type KeyAlgorithmId } from "../../domain/algorithms.ts"
import type { NodeKey } from "../node/key.ts"
import { nodeProvider } from "../node/provider.ts"
import { modulusBytes } from "../node/rsa-encoding.ts"
import type { EncryptionRow, KeyRow, MacRow, Provider, SealInput } from "../provider.ts"
import { randomBytes } from "../random.ts"
import { noncePoolBytes, type Addon, type AesKey, type Hash } from "./addon.ts"
import { half, type NativeKey } from "./key.ts"
import { decryptLater } from "./later.ts"
import { nativeSignatures } from "./signatures.ts"

const none = new Uint8Array(0)

type Opened = Pick<NativeKey, "aes" | "hmac" | "pair">
type Opener = (addon: Addon, key: NodeKey, raw: Uint8Array | undefined) => Opened

const openAes: Opener = (addon, _key, raw) => ({ aes: addon.aesKey(half(raw)) })

function openHmac(hash: Hash): Opener {
  return (addon, _key, raw) => ({ hmac: addon.hmacKey(half(raw), hash) })
}

const openPair: Opener = (addon, key, pkcs8) => ({
  pair:
    pkcs8 === undefined
      ? addon.publicKey(half(key.public).export({ format: "der", type: "spki" }))
      : addon.privateKey(pkcs8),
})

const hmacHashes: Readonly<Record<string, Hash>> = {
  HMAC_SHA_1: "sha1",
  HMAC_SHA_224: "sha224",
  HMAC_SHA_256: "sha256",
  HMAC_SHA_384: "sha384",
  HMAC_SHA_512: "sha512",
  HMAC_SHA3_256: "sha3-256",
  HMAC_SHA3_384: "sha3-384",
  HMAC_SHA3_512: "sha3-512",
}

/** How the addon opens a key of this algorithm; undefined for those of node:crypto alone. */
function openerOf(algorithm: KeyAlgorithmId): Opener | undefined {
  const hash = hmacHashes[algorithm]
  if (hash !== undefined) return openHmac(hash)
  if (algorithm.startsWith("AES_")) return openAes
  const mechanism = defaultMechanism(algorithm, "signature")
  if (mechanism === undefined || keyAlgorithm(algorithm).form !== "pair") return undefined
  // Of those OpenSSL knows no keys.
  return mechanism === "HSS_LMS" || mechanism === "XMSS" ? undefined : openPair
}

function opening(row: KeyRow<NativeKey>, addon: Addon, open: Opener): KeyRow<NativeKey> {
  return {
    ...row,
    open: (material, publicKey) => {
      const key = row.open(material, publicKey)
      const native = material?.lend((raw) => open(addon, key, raw)) ?? open(addon, key, undefined)
      return { ...key, ...native }
    },
  }
}

/** AES-GCM and XAES-256-GCM differ in the length of their nonces alone. */
function gcm(addon: Addon, row: EncryptionRow<NodeKey>): EncryptionRow<NativeKey> {
  const { ivBytes } = row
  return {
    ...row,
    seal: ({ aes }, { iv, aad, plaintext }) => addon.seal(half(aes), iv, aad, plaintext),
    sealFresh: ({ aes }, { aad, plaintext }) => {
      const sealed = sealFresh(addon, half(aes), { ivBytes, aad, plaintext })
      return { iv: sealed.subarray(0, ivBytes), ciphertext: sealed.subarray(ivBytes) }
    },
    sealMany: ({ aes }, prefix, messages) => {
      const parts = { ivBytes, prefix }
      const chunks = Math.ceil(messages.length / sealManyMax)
      return Array.from({ length: chunks }, (_, index) => {
        const from = index * sealManyMax
        return sealMany(addon, half(aes), parts, messages.slice(from, from + sealManyMax))
      }).flat()
    },
    open: ({ aes }, { iv, aad, ciphertext }) => {
      const opened = addon.open(half(aes), iv, aad, ciphertext)
      if (opened === undefined) throw decryptionFailed()
      return opened
    },
  }
}

/** RSAES-OAEP (RFC 8017 section 7.1) without webcrypto's detour, many ciphertexts in one job. */
function oaep(addon: Addon, row: EncryptionRow<NodeKey>, digest: Hash): EncryptionRow<NativeKey> {
  const scheme = addon.scheme(undefined, "digest", {
    digest,
    "mgf1-digest": digest,
    "pad-mode": "oaep",
  })
  const openMany = (key: NativeKey, ciphertexts: readonly Uint8Array[]) => {
    const modulus = modulusBytes(key)
    // OpenSSL would take a shorter one as a smaller number.
    const inputs = ciphertexts.map((one) => (one.length === modulus ? one : none))
    return decryptLater(addon, { key: half(key.pair), scheme, inputs })
  }
  return {
    ...row,
    open: async (key, { ciphertext }) => {
      const [opened] = await openMany(key, [ciphertext])
      if (opened === undefined) throw decryptionFailed()
      return opened
    },
    openMany: (key, inputs) =>
      openMany(
        key,
        inputs.map(({ ciphertext }) => ciphertext),
      ),
  }
}

/** The nonces are our own random bytes, health tests included: the addon only deals them out. */
function sealFresh(
  addon: Addon,
  key: AesKey,
  given: { readonly ivBytes: number; readonly aad: Uint8Array; readonly plaintext: Uint8Array },
): Uint8Array {
  const { ivBytes, aad, plaintext } = given
  return fed(addon, () => addon.sealFresh(key, ivBytes, aad, plaintext))
}

/** What `seal` answers, when need be from a pool filled anew. */
function fed(addon: Addon, seal: () => Uint8Array | undefined): Uint8Array {
  const sealed = seal()
  if (sealed !== undefined) return sealed
  const random = randomBytes(noncePoolBytes)
  addon.feed(random)
  random.fill(0)
  const again = seal()
  assert(again !== undefined, "a full pool has the nonces")
  return again
}

/** Messages in one call: a full pool has the nonces for twice as many. */
const sealManyMax = 256
const tagBytes = 16

/** One call, and one piece of memory, for all of them: a call costs more than a short message. */
function sealMany(
  addon: Addon,
  key: AesKey,
  { ivBytes, prefix }: { readonly ivBytes: number; readonly prefix: Uint8Array },
  messages: readonly Omit<SealInput, "iv">[],
): Uint8Array[] {
  const lengths = new Uint32Array(2 * messages.length)
  for (const [index, { aad, plaintext }] of messages.entries()) {
    lengths[2 * index] = aad.length
    lengths[2 * index + 1] = plaintext.length
  }
  const aads = joined(messages.map(({ aad }) => aad))
  const plaintexts = joined(messages.map(({ plaintext }) => plaintext))
  const sealed = fed(addon, () => addon.sealMany(key, ivBytes, prefix, aads, plaintexts, lengths))
  let end = 0
  return messages.map(({ plaintext }) => {
    const start = end
    end += prefix.length + ivBytes + plaintext.length + tagBytes
    return sealed.subarray(start, end)
  })
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts)
}

function hmac(addon: Addon, row: MacRow<NativeKey>): MacRow<NativeKey> {
  return { ...row, tag: ({ hmac }, message) => addon.hmac(half(hmac), message) }
}

/** A table with some of its rows, by what `change` makes of them; undefined leaves a row alone. */
function changed<Id extends string, Row>(
  table: Readonly<Record<Id, Row>>,
  change: (id: Id, row: Row) => Row | undefined,
): Readonly<Record<Id, Row>> {
  // The table's keys are its ids, and each stays.
  const ids = Object.keys(table) as Id[]
  const rows = ids.map((id) => [id, change(id, table[id]) ?? table[id]] as const)
  return Object.fromEntries(rows) as Record<Id, Row>
}

/** node:crypto's tables with the addon's rows. */
export function nativeProvider(addon: Addon): Provider<NativeKey> {
  const tables: Provider<NativeKey> = nodeProvider
  const { XAES_256_GCM, AES_GCM } = nodeProvider.encryption
  return {
    ...tables,
    name: "native",
    keys: changed(tables.keys, (algorithm, row) => {
      const open = openerOf(algorithm)
      return open === undefined ? undefined : opening(row, addon, open)
    }),
    encryption: {
      ...tables.encryption,
      XAES_256_GCM: gcm(addon, XAES_256_GCM),
      AES_GCM: gcm(addon, AES_GCM),
      RSA_OAEP_SHA_1: oaep(addon, tables.encryption.RSA_OAEP_SHA_1, "sha1"),
      RSA_OAEP_SHA_256: oaep(addon, tables.encryption.RSA_OAEP_SHA_256, "sha256"),
      RSA_OAEP_SHA_384: oaep(addon, tables.encryption.RSA_OAEP_SHA_384, "sha384"),
      RSA_OAEP_SHA_512: oaep(addon, tables.encryption.RSA_OAEP_SHA_512, "sha512"),
    },
    signature: nativeSignatures(addon),
    mac: changed(tables.mac, (mechanism, row) =>
      Object.hasOwn(hmacHashes, mechanism) ? hmac(addon, row) : undefined,
    ),
  }
}
