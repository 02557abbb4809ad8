/** Every Wycheproof vector of our algorithms through the engine, valid and invalid. */
import assert from "node:assert/strict"
import { createPrivateKey } from "node:crypto"
import { test } from "node:test"
import type { MechanismId } from "../../../src/domain/algorithms.ts"
import { HsmError } from "../../../src/domain/errors.ts"
import { decrypt, encrypt } from "../../../src/engine/cipher.ts"
import { wrapMaterial } from "../../../src/engine/wrap.ts"
import { importMaterial } from "../../../src/engine/generate.ts"
import { agree } from "../../../src/engine/agreement.ts"
import { decapsulate } from "../../../src/engine/kem.ts"
import { openHandle, type KeyHandle } from "../../../src/engine/key-handle.ts"
import { verifyMac } from "../../../src/engine/mac.ts"
import { openKey, provider } from "../../../src/engine/open-keys.ts"
import { sign, verify } from "../../../src/engine/signature.ts"
import { isOff } from "../../engine/native.ts"
import { handleOf, keyId, none, otherKeyId, permit } from "../../engine/fixture.ts"
import {
  refusalOf,
  refusedByDesign,
  vectorCases,
  vectorFiles,
  vectorsMissing,
  type CaseKind,
  type VectorCase,
  type VectorFileId,
} from "../wycheproof.ts"

const skip = vectorsMissing()
/** The table's keys are its files. */
const files = Object.keys(vectorFiles) as VectorFileId[]

/** True when everything that the case allows happened; throws or false when it was refused. */
type Runner = (
  handle: KeyHandle,
  vector: VectorCase,
  mechanism: MechanismId,
) => boolean | Promise<boolean>

const runners: Record<CaseKind, Runner> = {
  cipher: (handle, { iv, aad, msg, ct, tag, result }, mechanism) => {
    const ciphertext = Uint8Array.of(...ct, ...tag)
    const input = { mechanism, iv, aad, ciphertext }
    const opened = decrypt(permit("key.decrypt", handle, mechanism), handle, input)
    assert.ok(opened instanceof Uint8Array)
    if (result !== "valid") return true
    const encrypting = permit("key.encrypt", handle, mechanism)
    const made = encrypt(encrypting, handle, { mechanism, iv, aad, plaintext: msg })
    return same(opened, msg) && same(made.ciphertext, ciphertext)
  },
  decrypt: async (handle, { aad, msg, ct }, mechanism) => {
    const input = { mechanism, iv: none, aad, ciphertext: ct }
    return same(await decrypt(permit("key.decrypt", handle, mechanism), handle, input), msg)
  },
  verify: (handle, { msg: message, sig: signature, encoding, context }, mechanism) =>
    verify(permit("key.verify", handle, mechanism), handle, {
      mechanism,
      message,
      signature,
      encoding,
      context,
    }),
  hedged: async (handle, { msg: message, sig: signature, context }, mechanism) => {
    const input = { mechanism, message, context }
    const made = await sign(permit("key.sign", handle, mechanism), handle, input)
    const verifying = permit("key.verify", handle, mechanism)
    return [signature, made].every((one) => verify(verifying, handle, { ...input, signature: one }))
  },
  sign: async (handle, { msg, sig }, mechanism) => {
    const permitted = permit("key.sign", handle, mechanism)
    return same(await sign(permitted, handle, { mechanism, message: msg }), sig)
  },
  mac: (handle, { msg, tag }, mechanism) =>
    verifyMac(permit("key.verify-mac", handle, mechanism), handle, {
      mechanism,
      message: msg,
      mac: tag,
    }),
  kem: async (handle, { ct: ciphertext, secret }, mechanism) => {
    const permitted = permit("key.decapsulate", handle, mechanism)
    return same(await decapsulate(permitted, handle, { mechanism, ciphertext }), secret)
  },
  agree: async (handle, { peer: publicKey, secret }, mechanism) => {
    const permitted = permit("key.agree", handle, mechanism)
    return same(await agree(permitted, handle, { mechanism, publicKey }), secret)
  },
  wrap: async (handle, { msg, ct, result }, mechanism) => {
    assert.ok(mechanism === "AES_KW" || mechanism === "AES_KWP")
    const unwrapped = await provider.wrap[mechanism].unwrap(openKey(handle), ct)
    if (result !== "valid") return true
    const target = handleOf("HMAC_SHA_256", { material: msg }, otherKeyId)
    const permits = {
      wrap: permit("key.wrap", handle, mechanism),
      target: permit("key.export-wrapped", target),
    }
    const made = await wrapMaterial(permits, { wrapping: handle, target, mechanism })
    return same(made, ct) && unwrapped.lend((bytes) => same(bytes, msg))
  },
}

/** As a key is stored; to find the public half takes OpenSSL as long as to agree. */
function withPublicHalf(key: Uint8Array): Uint8Array {
  const der = { format: "der", type: "pkcs8" } as const
  return createPrivateKey({ key: Buffer.from(key), ...der }).export(der)
}

/** Imports once per key: a group's cases share it. */
const handles = new Map<string, Promise<KeyHandle>>()

function handleFor({ algorithm, key, kind }: VectorCase): Promise<KeyHandle> | KeyHandle {
  // A private key for each of thousands of cases, all of them good: opened, not imported.
  if (kind === "agree") return handleOf(algorithm, { material: withPublicHalf(key.bytes) })
  const name = `${algorithm} ${key.bytes.toHex()}`
  const known = handles.get(name) ?? openImported({ algorithm, key })
  handles.set(name, known)
  return known
}

async function openImported({
  algorithm,
  key,
}: Pick<VectorCase, "algorithm" | "key">): Promise<KeyHandle> {
  const imported = await importMaterial(algorithm, key.format, key.bytes)
  return openHandle({ keyId, version: 1, algorithm, ...imported })
}

async function accepts(vector: VectorCase): Promise<boolean> {
  if (vector.mechanism === undefined) return false
  try {
    return await runners[vector.kind](await handleFor(vector), vector, vector.mechanism)
  } catch (error) {
    // The row of `unwrap` may throw what it likes; its operation does not.
    if (vector.kind === "wrap") return false
    assert.ok(error instanceof HsmError, `${vector.id}: ${String(error)}`)
    assert.match(error.code, /^(DECRYPTION_FAILED|MALFORMED_REQUEST)$/)
    return false
  }
}

/** What the addon has no part in is not repeated without it. */
const isRepeated = (file: VectorFileId): boolean =>
  !isOff || !["kem", "agree"].includes(vectorFiles[file].kind)

for (const file of files.filter(isRepeated)) {
  test(`the engine decides all of ${file} as Wycheproof does`, { skip }, async () => {
    const wrong: string[] = []
    for (const vector of vectorCases(file)) {
      // What is acceptable to Wycheproof (legacy encodings, weak hashes) is not so here.
      const expected = vector.result === "valid" && refusalOf(vector) === undefined
      if ((await accepts(vector)) !== expected)
        wrong.push(`${vector.id} ${vector.result} ${vector.flags.join()}`)
    }
    assert.deepEqual(wrong, [])
  })
}

test("what is refused by design is exactly what the table says", { skip }, () => {
  const all = files.flatMap(vectorCases).map(refusalOf)
  const counted = refusedByDesign.map((row) => ({
    reason: row.reason,
    count: all.filter((refusal) => refusal === row).length,
  }))
  assert.deepEqual(
    counted,
    refusedByDesign.map(({ reason, count }) => ({ reason, count })),
  )
})

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.toHex() === other.toHex()
}
