/** Encryption: round trips, one answer to every failure, and permits for this act alone. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { KeyAlgorithmId } from "../../src/domain/algorithms.ts"
import { HsmError } from "../../src/domain/errors.ts"
import { limits } from "../../src/domain/limits.ts"
import { Failed, type Outcome } from "../../src/domain/outcome.ts"
import {
  decrypt,
  decryptMany,
  encrypt,
  type DecryptInput,
  type SealedInput,
} from "../../src/engine/cipher.ts"
import { closeHandle } from "../../src/engine/key-handle.ts"
import { nodeProvider } from "../../src/engine/node/provider.ts"
import type { OpenKey } from "../../src/engine/open-keys.ts"
import type { EncryptionId, EncryptionRow } from "../../src/engine/provider.ts"
import { slowLane } from "../../src/engine/slow-lane.ts"
import { flip, handleOf, newHandle, none, otherKeyId, permit } from "./fixture.ts"

const keyOf: Record<EncryptionId, KeyAlgorithmId> = {
  XAES_256_GCM: "AES_256",
  AES_GCM: "AES_192",
  AES_CBC_PAD: "AES_128",
  AES_GCM_SIV: "AES_256",
  AES_CCM: "AES_192",
  XCHACHA20_POLY1305: "CHACHA20",
  CHACHA20_POLY1305: "CHACHA20",
  AES_CBC: "AES_192",
  AES_CTR: "AES_256",
  AES_ECB: "AES_256",
  CAMELLIA_CBC_PAD: "CAMELLIA_256",
  CAMELLIA_CBC: "CAMELLIA_128",
  CAMELLIA_CTR: "CAMELLIA_192",
  CAMELLIA_ECB: "CAMELLIA_256",
  TDEA_CBC_PAD: "TDEA",
  TDEA_CBC: "TDEA",
  TDEA_ECB: "TDEA",
  RSA_OAEP_SHA_1: "RSA_2048",
  RSA_OAEP_SHA_256: "RSA_2048",
  RSA_OAEP_SHA_384: "RSA_2048",
  RSA_OAEP_SHA_512: "RSA_2048",
  RSA_PKCS1_ENCRYPTION: "RSA_2048",
  RSA_RAW: "RSA_2048",
}
const rsa = await newHandle("RSA_2048")
// The table's keys are the mechanisms.
const all = Object.keys(keyOf) as EncryptionId[]
/** RSA alone takes as many bytes as the modulus has, and no others. */
const ofAnyLength = all.filter((mechanism) => mechanism !== "RSA_RAW")
const aead = all.filter((mechanism) => nodeProvider.encryption[mechanism].aead)

for (const mechanism of ofAnyLength) {
  const algorithm = keyOf[mechanism]
  const {
    aead: takesAad,
    ivBytes,
    wholeBlocks = 1,
  }: EncryptionRow<OpenKey> = nodeProvider.encryption[mechanism]
  test(`${mechanism} decrypts what it encrypted, whatever that was`, async () => {
    const handle = algorithm === "RSA_2048" ? rsa : await newHandle(algorithm)
    const encrypting = permit("key.encrypt", handle, mechanism)
    const decrypting = permit("key.decrypt", handle, mechanism)
    const bytes = fc.uint8Array({ maxLength: 100 })
    const property = fc.asyncProperty(bytes, bytes, async (bits, given) => {
      const plaintext = bits.subarray(0, bits.length - (bits.length % wholeBlocks))
      const aad = takesAad ? given : none
      const made = encrypt(encrypting, handle, { mechanism, plaintext, aad })
      assert.equal(made.iv.length, ivBytes)
      const opened = await decrypt(decrypting, handle, { mechanism, aad, ...made })
      assert.deepEqual([...opened], [...plaintext])
    })
    await fc.assert(property, { numRuns: algorithm === "RSA_2048" ? 20 : 200 })
  })
}

for (const mechanism of aead) {
  test(`${mechanism} does not open when any one bit of anything was flipped`, async () => {
    const handle = await newHandle(keyOf[mechanism])
    const aad = Uint8Array.of(1, 2, 3)
    const plaintext = Uint8Array.of(4, 5)
    const encrypting = permit("key.encrypt", handle, mechanism)
    const decrypting = permit("key.decrypt", handle, mechanism)
    const made = encrypt(encrypting, handle, { mechanism, plaintext, aad })
    const good = { mechanism, aad, ...made }
    const opens = (input: DecryptInput): boolean => {
      try {
        return decrypt(decrypting, handle, input) instanceof Uint8Array
      } catch {
        return false
      }
    }
    assert.ok(opens(good))
    for (const part of ["iv", "ciphertext", "aad"] as const) {
      for (let bit = 0; bit < good[part].length * 8; bit++) {
        assert.ok(!opens({ ...good, [part]: flip(good[part], bit) }), `${part} ${bit}`)
      }
    }
  })
}

test("a ciphertext of RSA without its leading zero does not open", async () => {
  for (const mechanism of ["RSA_OAEP_SHA_256", "RSA_PKCS1_ENCRYPTION"] as const) {
    const plaintext = Uint8Array.of(1)
    const sealing = permit("key.encrypt", rsa, mechanism)
    const opening = permit("key.decrypt", rsa, mechanism)
    const about = { mechanism, aad: none, iv: none }
    let made
    do made = encrypt(sealing, rsa, { mechanism, plaintext, aad: none })
    while (made.ciphertext[0] !== 0)
    const { ciphertext } = made
    assert.deepEqual(await decrypt(opening, rsa, { ...about, ciphertext }), plaintext)
    const short = { ...about, ciphertext: ciphertext.subarray(1) }
    await assert.rejects(async () => decrypt(opening, rsa, short), { code: "DECRYPTION_FAILED" })
  }
})

test("every failure to decrypt gives the same error, and no cause", async () => {
  const aes = await newHandle("AES_256")
  const stranger = await newHandle("RSA_2048")
  const plaintext = new Uint8Array(40).fill(1)
  const aad = none
  const bad: (readonly [EncryptionId, Partial<DecryptInput>])[] = []
  for (const mechanism of ["XAES_256_GCM", "AES_GCM", "AES_CCM", "AES_CBC_PAD"] as const) {
    const made = encrypt(permit("key.encrypt", aes, mechanism), aes, { mechanism, plaintext, aad })
    bad.push([mechanism, { ...made, iv: made.iv.subarray(1) }])
    bad.push([mechanism, { ...made, iv: none }])
    bad.push([mechanism, { ...made, ciphertext: none }])
    bad.push([mechanism, { ...made, ciphertext: made.ciphertext.subarray(1) }])
    bad.push([mechanism, { ...made, ciphertext: made.ciphertext.subarray(0, 7) }])
    // For CBC: the last byte of the block before the padding, so that 08 becomes 09.
    bad.push([mechanism, { ...made, ciphertext: flip(made.ciphertext, 31 * 8) }])
  }
  const mechanism = "RSA_OAEP_SHA_256"
  const made = encrypt(permit("key.encrypt", rsa, mechanism), rsa, { mechanism, plaintext, aad })
  const other = encrypt(permit("key.encrypt", stranger, mechanism), stranger, {
    mechanism,
    plaintext,
    aad,
  })
  bad.push([mechanism, { ...made, ciphertext: flip(made.ciphertext, 2000) }])
  bad.push([mechanism, { ...made, ciphertext: made.ciphertext.subarray(1) }])
  bad.push([mechanism, { ...made, ciphertext: none }])
  bad.push([mechanism, { ...made, ciphertext: new Uint8Array(256).fill(255) }])
  bad.push([mechanism, other])
  bad.push(["RSA_OAEP_SHA_512", made])

  const seen = new Set<string>()
  for (const [mechanism, part] of bad) {
    const handle = mechanism.startsWith("RSA") ? rsa : aes
    const input = { mechanism, aad, iv: none, ciphertext: none, ...part }
    const failing = async (): Promise<unknown> =>
      decrypt(permit("key.decrypt", handle, mechanism), handle, input)
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof HsmError, String(error))
      assert.ok(!("cause" in error))
      seen.add(JSON.stringify([error.code, error.message, error.detail]))
      return true
    })
  }
  assert.deepEqual([...seen], ['["DECRYPTION_FAILED","the ciphertext does not open",{}]'])
})

const refusals: Record<
  string,
  [EncryptionId, { aad?: Uint8Array; iv?: Uint8Array; long?: true }, string]
> = {
  "additional data for CBC": ["AES_CBC_PAD", { aad: Uint8Array.of(1) }, "/aad"],
  "additional data for CTR": ["AES_CTR", { aad: Uint8Array.of(1) }, "/aad"],
  "a label for OAEP": ["RSA_OAEP_SHA_256", { aad: Uint8Array.of(1) }, "/aad"],
  "an IV of 96 bits for XAES": ["XAES_256_GCM", { iv: new Uint8Array(12) }, "/iv"],
  "an IV of 128 bits for GCM": ["AES_GCM", { iv: new Uint8Array(16) }, "/iv"],
  "an empty IV for CTR": ["AES_CTR", { iv: none }, "/iv"],
  "an IV for OAEP": ["RSA_OAEP_SHA_384", { iv: new Uint8Array(12) }, "/iv"],
  "half a block for ECB": ["AES_ECB", {}, "/plaintext"],
  "half a block for CBC without padding": ["AES_CBC", {}, "/plaintext"],
  "fewer bytes than the modulus for RSA alone": ["RSA_RAW", {}, "/plaintext"],
  "more than the modulus holds for OAEP": ["RSA_OAEP_SHA_512", { long: true }, "/plaintext"],
}
for (const [what, [mechanism, { aad = none, iv, long }, field]] of Object.entries(refusals)) {
  test(`encrypt refuses ${what}, and names ${field}`, async () => {
    const handle = mechanism.startsWith("RSA") ? rsa : await newHandle("AES_256")
    const plaintext = new Uint8Array(long === true ? 127 : 126)
    const encrypting = permit("key.encrypt", handle, mechanism)
    assert.throws(() => encrypt(encrypting, handle, { mechanism, plaintext, aad, iv }), {
      code: "MALFORMED_REQUEST",
      detail: { field },
    })
  })
}

test("OAEP with SHA-512 takes exactly the 126 bytes that 2048 bits leave", async () => {
  const mechanism = "RSA_OAEP_SHA_512"
  const plaintext = new Uint8Array(126).fill(3)
  const made = encrypt(permit("key.encrypt", rsa, mechanism), rsa, {
    mechanism,
    plaintext,
    aad: none,
  })
  const input = { mechanism, aad: none, ...made } as const
  assert.deepEqual(
    [...(await decrypt(permit("key.decrypt", rsa, mechanism), rsa, input))],
    [...plaintext],
  )
})

test("RSA alone gives back a number below the modulus, zeros before it included", async () => {
  const mechanism = "RSA_RAW"
  const plaintext = new Uint8Array(256).fill(1, 100)
  const made = encrypt(permit("key.encrypt", rsa, mechanism), rsa, {
    mechanism,
    plaintext,
    aad: none,
  })
  const input = { mechanism, aad: none, ...made } as const
  const opened = await decrypt(permit("key.decrypt", rsa, mechanism), rsa, input)
  assert.equal(opened.toHex(), plaintext.toHex())
})

test("a broken PKCS#1 padding opens to bytes that say nothing, the same each time", async () => {
  const padded = new Uint8Array(256).fill(7)
  const raw = { mechanism: "RSA_RAW", plaintext: padded, aad: none } as const
  const made = encrypt(permit("key.encrypt", rsa, "RSA_RAW"), rsa, raw)
  const mechanism = "RSA_PKCS1_ENCRYPTION"
  const decrypting = permit("key.decrypt", rsa, mechanism)
  const open = async (): Promise<string> =>
    (await decrypt(decrypting, rsa, { mechanism, aad: none, ...made })).toHex()
  const opened = await open()
  assert.equal(await open(), opened)
  assert.doesNotMatch(opened, /07070707/)
})

test("a mechanism that signs is not admitted to encrypt", () => {
  assert.throws(() => permit("key.encrypt", rsa, "RSA_PSS_SHA_256"), /does not serve key.encrypt/)
})

test("a permit for another key, mechanism or operation stops its bearer", async () => {
  const handle = await newHandle("AES_256")
  const input = { mechanism: "AES_GCM", plaintext: none, aad: none } as const
  const wrong = [
    permit("key.encrypt", { keyId: otherKeyId, algorithm: "AES_256" }, "AES_GCM"),
    permit("key.encrypt", handle, "XAES_256_GCM"),
    permit("key.decrypt", handle, "AES_GCM"),
  ]
  for (const one of wrong) {
    assert.throws(() => encrypt(one, handle, input), { code: "ERR_ASSERTION" })
  }
  assert.ok(encrypt(permit("key.encrypt", handle, "AES_GCM"), handle, input))
})

test("a closed handle does nothing more", async () => {
  const handle = await newHandle("AES_256")
  const input = { mechanism: "AES_GCM", plaintext: none, aad: none } as const
  closeHandle(handle)
  assert.throws(() => encrypt(permit("key.encrypt", handle, "AES_GCM"), handle, input), {
    code: "SEALED",
  })
})

test("IVs made inside never repeat, across many refills of their pool", () => {
  const handle = handleOf("AES_128", { material: new Uint8Array(16).fill(1) })
  const encrypting = permit("key.encrypt", handle, "AES_GCM")
  const input = { mechanism: "AES_GCM", plaintext: none, aad: none } as const
  const seen = new Set<string>()
  for (let count = 0; count < 5000; count++) {
    seen.add(encrypt(encrypting, handle, input).iv.toHex())
  }
  assert.equal(seen.size, 5000)
})

test("ciphertexts opened together fail alone; what stops them all has its name", async () => {
  const mechanism = "RSA_OAEP_SHA_256"
  const encrypting = permit("key.encrypt", rsa, mechanism)
  const plaintext = Uint8Array.of(1, 2, 3)
  const { ciphertext } = encrypt(encrypting, rsa, { mechanism, plaintext, aad: none })
  const leave = permit("key.decrypt", rsa, mechanism)
  const open = async (asked: readonly Uint8Array[]) =>
    await decryptMany(leave, rsa, mechanism, asked.map(input))
  const asked = [ciphertext, flip(ciphertext, 9), ciphertext.subarray(1), ciphertext]
  assert.deepEqual((await open(asked)).map(codeOf), [
    plaintext,
    "DECRYPTION_FAILED",
    "DECRYPTION_FAILED",
    plaintext,
  ])
  const bound = { ...input(ciphertext), aad: plaintext }
  const mixed = await decryptMany(leave, rsa, mechanism, [bound, input(ciphertext)])
  assert.deepEqual(mixed.map(codeOf), ["MALFORMED_REQUEST", plaintext])
  const blocked = Promise.withResolvers<undefined>()
  const busy = Array.from({ length: limits.slowJobsAtOnce }, () =>
    slowLane.run(leave, () => blocked.promise),
  )
  const late = open([ciphertext])
  await Promise.resolve()
  leave.withdraw()
  blocked.resolve(undefined)
  assert.deepEqual((await late).map(codeOf), ["KEY_STATE"])
  await Promise.all(busy)
})

function input(ciphertext: Uint8Array): SealedInput {
  return { iv: none, ciphertext, aad: none }
}

function codeOf(outcome: Outcome<Uint8Array>): unknown {
  if (!(outcome instanceof Failed)) return outcome
  return outcome.error instanceof HsmError ? outcome.error.code : outcome.error
}
