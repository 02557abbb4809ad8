/** Parameters of signatures: encoding and context, taken where they mean something alone. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { keyAlgorithm, type KeyAlgorithmId, type MechanismId } from "../../src/domain/algorithms.ts"
import { ecdsaFromRaw, ecdsaToRaw } from "../../src/codec/ecdsa-signature.ts"
import { curves } from "../../src/engine/ecdsa.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import { flip, newHandle, permit } from "./fixture.ts"

const message = Uint8Array.of(1, 2, 3)
const secp256k1Half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

// The table's keys are algorithms; seeds, whose pairs are others, have tests of their own.
for (const algorithm of Object.keys(curves) as KeyAlgorithmId[]) {
  if (keyAlgorithm(algorithm).form === "seed") continue
  test(`${algorithm}: DER and raw are one signature in two encodings`, async () => {
    const bytes = curves[algorithm]?.bytes ?? 0
    const mechanism = "ECDSA_SHA_256"
    const handle = await newHandle(algorithm)
    const signing = permit("key.sign", handle, mechanism)
    const verifying = permit("key.verify", handle, mechanism)
    const check = (signature: Uint8Array, encoding?: "der" | "raw"): boolean =>
      verify(verifying, handle, { mechanism, message, signature, encoding })
    for (let round = 0; round < 10; round++) {
      const der = await sign(signing, handle, { mechanism, message })
      const raw = await sign(signing, handle, { mechanism, message, encoding: "raw" })
      assert.equal(raw.length, 2 * bytes)
      assert.ok(check(der) && check(der, "der") && check(raw, "raw"))
      assert.ok(check(ecdsaFromRaw(raw)) && check(ecdsaToRaw(der, bytes), "raw"))
      assert.equal(ecdsaFromRaw(ecdsaToRaw(der, bytes)).toHex(), der.toHex())
      assert.ok(!check(flip(raw, 77), "raw") && !check(raw) && !check(der, "raw"))
      assert.ok(!check(Uint8Array.of(0, ...raw), "raw") && !check(raw.subarray(1), "raw"))
    }
  })
}

test("EC_SECP256K1: s is always the lower one", async () => {
  const mechanism = "ECDSA_KECCAK_256"
  const handle = await newHandle("EC_SECP256K1")
  const signing = permit("key.sign", handle, mechanism)
  const digesting = permit("key.sign", handle, "ECDSA_SHA_256")
  const digest = new Uint8Array(32).fill(5)
  for (let round = 0; round < 30; round++) {
    const raw = await sign(signing, handle, { mechanism, message, encoding: "raw" })
    assert.ok(BigInt(`0x${raw.subarray(32).toHex()}`) <= secp256k1Half)
    const der = await sign(signing, handle, { mechanism, message })
    assert.ok(BigInt(`0x${ecdsaToRaw(der, 32).subarray(32).toHex()}`) <= secp256k1Half)
    const input = { mechanism: "ECDSA_SHA_256", message: digest, messageType: "digest" } as const
    const digested = await sign(digesting, handle, input)
    assert.ok(BigInt(`0x${ecdsaToRaw(digested, 32).subarray(32).toHex()}`) <= secp256k1Half)
  }
})

test("EC_SECP256K1: a recoverable signature leads to its key, and to no other", async () => {
  const mechanism = "ECDSA_KECCAK_256"
  const handle = await newHandle("EC_SECP256K1")
  const asked = { mechanism, message, encoding: "recoverable" } as const
  const checking = permit("key.verify", handle, mechanism)
  for (let round = 0; round < 8; round++) {
    const signature = await sign(permit("key.sign", handle, mechanism), handle, asked)
    assert.equal(signature.length, 65)
    assert.ok(verify(checking, handle, { ...asked, signature }))
    const raw = { mechanism, message, signature: signature.subarray(0, 64) } as const
    assert.ok(verify(checking, handle, { ...raw, encoding: "raw" }))
    assert.ok(!verify(checking, handle, { ...asked, signature: flip(signature, 64 * 8) }))
    assert.ok(!verify(checking, handle, { ...asked, signature: flip(signature, 70) }))
    assert.ok(!verify(checking, handle, { ...asked, signature: signature.subarray(0, 64) }))
  }
  const p256 = await newHandle("EC_P256")
  const wrong = { mechanism: "ECDSA_SHA_256", message, encoding: "recoverable" } as const
  assert.throws(() => sign(permit("key.sign", p256, "ECDSA_SHA_256"), p256, wrong), {
    detail: { field: "/encoding" },
  })
})

const bound: readonly (readonly [KeyAlgorithmId, MechanismId])[] = [
  ["ED448", "ED448"],
  ["ML_DSA_44", "ML_DSA"],
  ["ML_DSA_65", "ML_DSA"],
  ["ML_DSA_87", "ML_DSA"],
  ["SLH_DSA_SHA2_128F", "SLH_DSA"],
]
for (const [algorithm, mechanism] of bound) {
  test(`${algorithm}: a signature holds for its context alone`, async () => {
    const handle = await newHandle(algorithm)
    const context = new Uint8Array(255).fill(9)
    const signing = permit("key.sign", handle, mechanism)
    const signature = await sign(signing, handle, { mechanism, message, context })
    const verifying = permit("key.verify", handle, mechanism)
    const holds = (given: Uint8Array | undefined): boolean =>
      verify(verifying, handle, { mechanism, message, signature, context: given })
    assert.ok(holds(context))
    for (const other of [flip(context, 0), context.subarray(1), new Uint8Array(), undefined]) {
      assert.ok(!holds(other))
    }
    const tooLong = { mechanism, message, context: new Uint8Array(256) }
    for (const run of [
      () => sign(signing, handle, tooLong),
      () => verify(verifying, handle, { ...tooLong, signature }),
    ]) {
      assert.throws(run, { code: "MALFORMED_REQUEST", detail: { field: "/context" } })
    }
  })
}

test("a parameter that a mechanism would ignore is refused, and named", async () => {
  const handle = await newHandle("ED25519")
  const mechanism = "ED25519"
  const signing = permit("key.sign", handle, mechanism)
  for (const [field, parameter] of [
    ["/context", { context: Uint8Array.of(1) }],
    ["/encoding", { encoding: "raw" }],
    ["/encoding", { encoding: "der" }],
  ] as const) {
    assert.throws(() => sign(signing, handle, { mechanism, message, ...parameter }), {
      code: "MALFORMED_REQUEST",
      detail: { field },
    })
  }
  const ec = await newHandle("EC_P256")
  const ecSigning = permit("key.sign", ec, "ECDSA_SHA_256")
  const input = { mechanism: "ECDSA_SHA_256", message, context: Uint8Array.of(1) } as const
  assert.throws(() => sign(ecSigning, ec, input), { detail: { field: "/context" } })
})

test("the first signature of a slow algorithm waits for its self-test, no later one", () => {
  // In a process of its own: here, other tests may have signed with it before.
  const selfTest = JSON.stringify(new URL("../../src/engine/self-test.ts", import.meta.url))
  const program = `
    import { signingTested } from ${selfTest}
    const waiting = signingTested("SLH_DSA", "SLH_DSA_SHAKE_128F")
    const first = waiting instanceof Promise
    await waiting
    const again = signingTested("SLH_DSA", "SLH_DSA_SHAKE_128F")
    const later = [again, signingTested("ECDSA_SHA_256", "EC_P256")]
    process.stdout.write(String(first && later.every((answer) => answer === undefined)))
  `
  const args = ["--input-type=module", "--eval", program]
  assert.equal(execFileSync(process.execPath, args, { encoding: "utf8" }), "true")
})
