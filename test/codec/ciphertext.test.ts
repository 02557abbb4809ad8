/** The ciphertext format: frozen bytes, strict reader, header bound into the tag. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import {
  boundAad,
  ciphertextBytesMax,
  ciphertextHeaderBytes,
  decodeCiphertext,
  encodeCiphertext,
  encodeCiphertextHeader,
  suites,
  type SuiteId,
} from "../../src/codec/ciphertext.ts"
import { decodeId, encodeId } from "../../src/codec/id-text.ts"
import { mechanisms } from "../../src/domain/algorithms.ts"
import { limits } from "../../src/domain/limits.ts"
import { decrypt, encrypt } from "../../src/engine/cipher.ts"
import { nodeProvider } from "../../src/engine/node/provider.ts"
import { flip, keyId, newHandle, permit } from "../engine/fixture.ts"

// The table's keys are the suites.
const suiteIds = Object.keys(suites) as SuiteId[]
const cluster = "0123456789abcdefghjkmnpqrs"

const parts = fc
  .record({
    suite: fc.constantFrom(...suiteIds),
    keyId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(encodeId),
    version: fc.integer({ min: 1, max: 0xffff_ffff }),
    bytes: fc.uint8Array({ minLength: 40, maxLength: 80 }),
  })
  .map(({ bytes, ...named }) => {
    const { ivBytes } = suites[named.suite]
    return { ...named, iv: bytes.subarray(0, ivBytes), body: bytes.subarray(ivBytes) }
  })

test("a ciphertext decodes to its parts, and encodes to the same bytes", () => {
  fc.assert(
    fc.property(parts, (given) => {
      const bytes = encodeCiphertext(given)
      const { header, ...decoded } = decodeCiphertext(bytes)
      assert.deepEqual(plain(decoded), plain(given))
      assert.deepEqual([...header], [...encodeCiphertextHeader(given)])
      assert.deepEqual([...encodeCiphertext(decoded)], [...bytes])
    }),
  )
})

test("any bytes that decode are the one encoding of what they say", () => {
  fc.assert(
    fc.property(parts, fc.nat(), fc.nat({ max: 60 }), (given, bit, cut) => {
      const bytes = flip(encodeCiphertext(given), bit % (ciphertextHeaderBytes * 8)).subarray(
        0,
        -1 - cut,
      )
      try {
        assert.deepEqual([...encodeCiphertext(decodeCiphertext(bytes))], [...bytes])
      } catch (error) {
        assert.partialDeepStrictEqual({ name: (error as Error).name }, { name: "CodecError" })
      }
    }),
  )
})

test("the layout of format 1 is frozen", () => {
  const body = new Uint8Array(16).fill(0xcc)
  const iv = new Uint8Array(12).fill(0xbb)
  const id = encodeId(new Uint8Array(16).fill(0xaa))
  const bytes = encodeCiphertext({ suite: "AES_GCM", keyId: id, version: 0x01020304, iv, body })
  const expected = [
    "4b4843",
    "01",
    "02",
    "aa".repeat(16),
    "01020304",
    "bb".repeat(12),
    "cc".repeat(16),
  ]
  assert.equal(bytes.toHex(), expected.join(""))
  const wire = Object.fromEntries(suiteIds.map((id) => [id, suites[id].byte]))
  assert.deepEqual(wire, {
    XAES_256_GCM: 1,
    AES_GCM: 2,
    AES_CBC_PAD: 3,
    AES_CTR: 4,
    RSA_OAEP_SHA_256: 5,
    RSA_OAEP_SHA_384: 6,
    RSA_OAEP_SHA_512: 7,
    AES_GCM_SIV: 8,
    AES_CCM: 9,
    XCHACHA20_POLY1305: 10,
    CHACHA20_POLY1305: 11,
    AES_CBC: 12,
    AES_ECB: 13,
    CAMELLIA_CBC_PAD: 14,
    TDEA_CBC_PAD: 15,
    RSA_OAEP_SHA_1: 16,
    RSA_PKCS1_ENCRYPTION: 17,
    RSA_RAW: 18,
    CAMELLIA_CBC: 19,
    CAMELLIA_CTR: 20,
    CAMELLIA_ECB: 21,
    TDEA_CBC: 22,
    TDEA_ECB: 23,
  })
})

test("the suites are the domain's encryption mechanisms, as the engine's rows have them", () => {
  const encryption = Object.entries(mechanisms).filter(([, { kind }]) => kind === "encryption")
  assert.deepEqual(suiteIds.toSorted(), encryption.map(([id]) => id).toSorted())
  for (const id of suiteIds) {
    const { ivBytes, aead } = suites[id]
    const row = nodeProvider.encryption[id]
    assert.deepEqual({ ivBytes, aead }, { ivBytes: row.ivBytes, aead: row.aead })
  }
  assert.equal(ciphertextBytesMax, limits.messageBytesMax + ciphertextHeaderBytes + 24 + 16)
})

const good = encodeCiphertext({
  suite: "XAES_256_GCM",
  keyId,
  version: 1,
  iv: new Uint8Array(24),
  body: new Uint8Array(16),
})
const wrong: Record<string, Uint8Array> = {
  nothing: new Uint8Array(),
  "a header alone": good.subarray(0, 25),
  "less than a header": good.subarray(0, 24),
  "less than a tag": good.subarray(0, -1),
  "another magic": good.with(0, 0x4c),
  "format 0": good.with(3, 0),
  "format 2": good.with(3, 2),
  "suite 0": good.with(4, 0),
  "suite 99": good.with(4, 99),
  "version 0": good.with(24, 0),
  "more than the longest": new Uint8Array(ciphertextBytesMax + 1).fill(1),
}
for (const [what, bytes] of Object.entries(wrong)) {
  test(`decoding refuses ${what} and names the field`, () => {
    assert.throws(() => decodeCiphertext(bytes, "/c"), { name: "CodecError", field: "/c" })
  })
}

test("encoding refuses an IV of another length, a lost tag and a version out of range", () => {
  const given = decodeCiphertext(good)
  assert.equal(encodeCiphertext(given).toHex(), good.toHex())
  const bad = [
    { iv: new Uint8Array(12) },
    { body: new Uint8Array(15) },
    { version: 0 },
    { version: 2 ** 32 },
    { version: 1.5 },
    { keyId: "x" },
    { body: new Uint8Array(ciphertextBytesMax) },
  ]
  for (const part of bad) {
    assert.throws(() => encodeCiphertext({ ...given, ...part }), { name: "CodecError" })
  }
})

test("bound additional data is purpose, cluster, header, and the caller's own", () => {
  const header = encodeCiphertextHeader({ suite: "AES_GCM", keyId, version: 7 })
  const aad = Uint8Array.of(1, 2)
  const expected = Buffer.concat([Buffer.from(`keyhold/ciphertext/v1${cluster}`), header, aad])
  assert.equal(boundAad({ cluster, header, aad }).toHex(), expected.toString("hex"))
  assert.throws(() => boundAad({ cluster: "short", header, aad }), { name: "CodecError" })
  assert.throws(() => boundAad({ cluster, header: aad, aad }), { name: "CodecError" })
})

for (const suite of ["XAES_256_GCM", "AES_GCM"] as const) {
  test(`${suite}: no bit of the header, and no cluster, can be exchanged`, async () => {
    const handle = await newHandle("AES_256")
    const plaintext = Uint8Array.of(1)
    const aad = Uint8Array.of(9)
    const named = { suite, keyId, version: 1 } as const
    const bound = boundAad({ cluster, header: encodeCiphertextHeader(named), aad })
    const made = encrypt(permit("key.encrypt", handle, suite), handle, {
      mechanism: suite,
      plaintext,
      aad: bound,
    })
    const bytes = encodeCiphertext({ ...named, iv: made.iv, body: made.ciphertext })
    const decrypting = permit("key.decrypt", handle, suite)
    const opens = (given: Uint8Array, from: string): boolean => {
      try {
        const { iv, body, header } = decodeCiphertext(given)
        // The handle stays: an attacker may well reach the right key by another name.
        const input = {
          mechanism: suite,
          iv,
          ciphertext: body,
          aad: boundAad({ cluster: from, header, aad }),
        }
        return decrypt(decrypting, handle, input) instanceof Uint8Array
      } catch {
        return false
      }
    }
    assert.ok(opens(bytes, cluster))
    assert.ok(!opens(bytes, encodeId(flip(decodeId(cluster, ""), 0))))
    for (let bit = 0; bit < bytes.length * 8; bit++)
      assert.ok(!opens(flip(bytes, bit), cluster), `${bit}`)
  })
}

function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value))
}
