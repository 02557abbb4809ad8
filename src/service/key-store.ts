/** What external key stores ask for: AES-GCM whose metadata names the key's version. */

import {
  boundAad,
  decodeMetadata,
  encodeMetadata,
  integrityInput,
  type StoredCiphertext,
} from "../codec/xks.ts"
import { CodecError } from "../codec/error.ts"
import { decryptionFailed, HsmError } from "../domain/errors.ts"
import type { RuleId } from "../domain/policy.ts"
import { hash } from "../engine/hash.ts"
import { sealsAndOpens } from "../engine/health.ts"
import { perform } from "./act.ts"
import type { Context, KeyRef } from "./commands.ts"
import { decrypt, encryptWith } from "./encrypt.ts"
import type { Ports, UsePorts } from "./ports.ts"

const mechanism = "AES_GCM"
const tagBytes = 16
/** The specification has 16 as well; nothing here makes them. */
const ivBytes = 12

/**
 * Encrypts. `proven`: it is opened again before it leaves, so that what AWS keeps can be decrypted,
 * and the answer has the hash that says so (CDIV).
 *
 * @throws HsmError as `encrypt`, and as `decrypt` where it is proven: a key that may not decrypt
 * proves nothing; INTERNAL for one that does not open.
 */
export async function encryptForKeyStore(
  ports: UsePorts,
  context: Context,
  command: {
    readonly key: KeyRef
    readonly plaintext: Uint8Array
    readonly aad: Uint8Array
    readonly proven: boolean
  },
): Promise<StoredCiphertext & { readonly integrity?: Uint8Array }> {
  const { key, plaintext, aad, proven } = command
  const ask = { operation: "key.encrypt", key, mechanism, input: { plaintext } } as const
  const sealed = await perform(ports, context, ask, (act) =>
    encryptWith(ports, act, {
      plaintext,
      raw: true,
      aad: (version) => boundAad(aad, encodeMetadata(version)),
    }),
  )
  const end = sealed.ciphertext.length - tagBytes
  const stored = {
    ciphertext: sealed.ciphertext.subarray(0, end),
    tag: sealed.ciphertext.subarray(end),
    metadata: encodeMetadata(sealed.version),
    iv: sealed.iv ?? new Uint8Array(),
  }
  if (!proven) return stored
  const integrity = hash("SHA_256", integrityInput(aad, stored))
  const opened = await decryptForKeyStore(ports, context, { key, aad, ...stored })
  if (Buffer.from(opened).equals(plaintext)) return { ...stored, integrity }
  throw new HsmError("INTERNAL", "what was encrypted does not open")
}

/**
 * Decrypts what {@link encryptForKeyStore} has made.
 *
 * @throws HsmError DECRYPTION_FAILED, always the same, also for metadata that names no version of
 * this key; otherwise as `decrypt`.
 */
export async function decryptForKeyStore(
  ports: UsePorts,
  context: Context,
  command: StoredCiphertext & { readonly key: KeyRef; readonly aad: Uint8Array },
): Promise<Uint8Array> {
  const { key, metadata, iv, tag, ciphertext, aad } = command
  // Longer or shorter, it would lend bytes to the ciphertext or borrow some.
  if (tag.length !== tagBytes || iv.length !== ivBytes) throw decryptionFailed()
  try {
    const version = decodeMetadata(metadata)
    const { plaintext } = await decrypt(ports, context, {
      ciphertext: Buffer.concat([ciphertext, tag]),
      aad: boundAad(aad, metadata),
      raw: { key, mechanism, iv, version },
    })
    return plaintext
  } catch (error) {
    const named = error instanceof HsmError && error.detail.rule === "version"
    throw named || error instanceof CodecError ? decryptionFailed() : error
  }
}

/**
 * Whether what a key store asks for next would be done: the store answers, the partition lets keys
 * be used, and the engine works.
 *
 * @throws HsmError OPERATION_FORBIDDEN with the rule that stands in the way, STORE_UNAVAILABLE,
 * TAMPERED.
 */
export async function checkHealth({ records }: Ports, { caller }: Context): Promise<boolean> {
  await records.sync()
  const { partition } = caller
  const found = await records.read("partition", partition, partition)
  if (found === undefined) return false
  if (found.state !== "active") throw forbidden("the partition is blocked", "partition-active")
  if (!found.flags.keyUse) throw forbidden("the partition's flag keyUse is off", "flag")
  return await sealsAndOpens()
}

function forbidden(why: string, rule: RuleId): HsmError {
  return new HsmError("OPERATION_FORBIDDEN", why, { rule })
}
