/** Stateful hash-based signatures: an index signs, keys never leave, both ways to hash agree. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { keyAlgorithm, type KeyAlgorithmId } from "../../src/domain/algorithms.ts"
import { exportMaterial } from "../../src/engine/export.ts"
import { generateMaterial, importMaterial } from "../../src/engine/generate.ts"
import { scripts } from "../../src/engine/hbs/chains.ts"
import { leaf, lmsType, otsType } from "../../src/engine/hbs/lms.ts"
import { openHandle, type KeyHandle } from "../../src/engine/key-handle.ts"
import type { ImportFormat } from "../../src/engine/provider.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import { flip, handleOf, keyId, newHandle, none, permit } from "./fixture.ts"
import { addon, isOff, skip } from "./native.ts"

const message = new TextEncoder().encode("firmware 1.2.3")

async function signWith(handle: KeyHandle, index: number | undefined): Promise<Uint8Array> {
  const mechanism = handle.algorithm.startsWith("XMSS") ? "XMSS" : "HSS_LMS"
  return await sign(permit("key.sign", handle, mechanism), handle, { mechanism, message, index })
}

function holds(handle: KeyHandle, signature: Uint8Array, about: Uint8Array = message): boolean {
  const mechanism = handle.algorithm.startsWith("XMSS") ? "XMSS" : "HSS_LMS"
  const leave = permit("key.verify", handle, mechanism)
  return verify(leave, handle, { mechanism, message: about, signature })
}

/** Some of each; those with a lower tree end one and begin the next. XMSS without addon: 13 s. */
const indexes: Readonly<Partial<Record<KeyAlgorithmId, readonly number[]>>> = {
  LMS_SHA256_H5: [0, 1, 30, 31],
  HSS_SHA256_H5_H5: [0, 31, 32, 1023],
  ...(isOff ? {} : { LMS_SHA256_H10: [511, 32, 1023], XMSS_SHA2_10_256: [0, 33, 1023] }),
}

for (const [name, some] of Object.entries(indexes)) {
  test(`${name}: each index makes one signature, and there is none beyond the last`, async () => {
    const algorithm = name as KeyAlgorithmId // The table's keys are some of them.
    const handle = await newHandle(algorithm)
    const other = await newHandle("LMS_SHA256_H5")
    const made = new Set<string>()
    for (const index of some) {
      const signature = await signWith(handle, index)
      assert.equal(signature.length, keyAlgorithm(algorithm).signatureBytes)
      assert.ok(holds(handle, signature), `index ${index}`)
      assert.ok(!holds(handle, signature, flip(message, 3)))
      assert.ok(!holds(other, signature))
      for (const bit of [0, 40, 400, 8 * signature.length - 1]) {
        assert.ok(!holds(handle, flip(signature, bit)), `bit ${bit}`)
      }
      for (const length of [0, 3, 11, signature.length - 1]) {
        assert.ok(!holds(handle, signature.subarray(0, length)))
      }
      made.add(signature.toHex())
    }
    assert.equal(made.size, some.length)
    const { signatures } = keyAlgorithm(algorithm).stateful ?? assert.fail()
    await assert.rejects(signWith(handle, signatures), TypeError)
    await assert.rejects(signWith(handle, undefined), TypeError)
  })
}

test("an upper tree signs each lower one with one signature, whenever it is asked", async () => {
  const material = await generateMaterial("HSS_SHA256_H5_H5")
  const stored = material.material.lend((bytes) => bytes.slice())
  const open = (): KeyHandle => handleOf("HSS_SHA256_H5_H5", { material: stored })
  const handle = open()
  const made = [await signWith(handle, 40), await signWith(handle, 0), await signWith(open(), 63)]
  const [first, other, later] = made.map((signature) => signature.subarray(0, 4 + 2348 + 56))
  assert.deepEqual(later, first)
  assert.notDeepEqual(other, first)
})

test("a public key alone verifies, and its private half never leaves or comes", async () => {
  const { material, publicKey = none } = await generateMaterial("LMS_SHA256_H5")
  const handle = openHandle({ keyId, version: 1, algorithm: "LMS_SHA256_H5", material, publicKey })
  const signature = await signWith(handle, 7)
  const leave = permit("key.export-plain", handle)
  assert.throws(() => exportMaterial(leave, handle), { code: "OPERATION_FORBIDDEN" })
  for (const algorithm of ["LMS_SHA256_H5", "HSS_LMS"] as const) {
    const made = await importMaterial(algorithm, "spki", publicKey)
    assert.deepEqual(made, { material: undefined, publicKey })
    assert.ok(holds(handleOf(algorithm, { publicKey }), signature))
  }
  for (const algorithm of ["LMS_SHA256_H10", "HSS_SHA256_H5_H5", "XMSS_SHA2_10_256"] as const) {
    await refused(algorithm, "spki", publicKey)
  }
  await refused("LMS_SHA256_H5", "pkcs8", publicKey)
  // The tag, the algorithm, the count of levels, the type of tree, the type of its leaves.
  for (const byte of [0, 10, 21, 25, 29])
    await refused("HSS_LMS", "spki", flip(publicKey, 8 * byte))
  await refused("HSS_LMS", "spki", publicKey.subarray(1))
  await refused("HSS_LMS", "spki", Uint8Array.of(...publicKey, 0))
  await assert.rejects(generateMaterial("HSS_LMS"), { code: "MALFORMED_REQUEST" })
})

async function refused(
  algorithm: KeyAlgorithmId,
  format: ImportFormat,
  bytes: Uint8Array,
): Promise<void> {
  await assert.rejects(importMaterial(algorithm, format, bytes), { code: "MALFORMED_REQUEST" })
}

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length })
}

test("the addon hashes chains and pairs as node:crypto does", { skip: !isOff && skip }, () => {
  if (isOff) return
  const steps = fc.tuple(fc.nat(15), fc.nat(15))
  const property = fc.property(
    fc.oneof(bytes(23 + 24), bytes(23 + 32)),
    fc.tuple(bytes(32), bytes(32), bytes(32), bytes(64)),
    steps,
    (block, [seed, address, value, children], [from, more]) => {
      const to = from + more
      const both = [scripts, addon()] as const
      const [theirs, ours] = both.map((by) =>
        [
          by.lmsChain(block, from, to),
          by.xmssChain(seed, address, value, from, to),
          by.xmssPair(seed, address, children),
        ].map((made) => made.toHex()),
      )
      assert.deepEqual(ours, theirs)
    },
  )
  fc.assert(property, { numRuns: 100 })
})

test(
  "the addon makes a leaf's key whole as node:crypto does chain by chain",
  { skip: !isOff && skip },
  () => {
    if (isOff) return
    for (const typecode of [1, 2, 3, 4]) {
      const property = fc.property(bytes(16), bytes(32), fc.nat(31), (id, seed, q) => {
        const tree = { type: lmsType(5), ots: otsType(typecode), id, seed }
        const [whole, chained] = [addon(), scripts].map((by) => leaf({ ...tree, by }, q).toHex())
        assert.equal(whole, chained)
      })
      fc.assert(property, { numRuns: 10 })
    }
  },
)
