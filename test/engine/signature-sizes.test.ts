/** A signature has the size that the table of algorithms says. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { defaultMechanism, type KeyAlgorithmId } from "../../src/domain/algorithms.ts"
import { listKeyAlgorithms } from "../../src/domain/catalogue.ts"
import { parsePath } from "../../src/domain/derivation.ts"
import { curves } from "../../src/engine/ecdsa.ts"
import { sign } from "../../src/engine/signature.ts"
import { newHandle, permit } from "./fixture.ts"
import { isRepeated } from "./native.ts"

/** Those that take seconds to make, or to sign with, by the same rows as others. */
const slow: readonly KeyAlgorithmId[] = ["RSA_4096", "RSA_8192", "DSA_2048", "DSA_3072"]

for (const { algorithm, form, signatureBytes } of listKeyAlgorithms()) {
  const mechanism = defaultMechanism(algorithm, "signature")
  if (mechanism === undefined || slow.includes(algorithm) || !isRepeated(algorithm)) continue
  if (/^SLH_DSA.*S$|^(LMS|HSS|XMSS)_/.test(algorithm)) continue // hash-based.test.ts
  test(`${algorithm}: signatures have ${signatureBytes ?? 0} bytes`, async () => {
    const handle = await newHandle(algorithm)
    const path = form === "seed" ? parsePath("m/0'") : undefined
    const encoding = curves[algorithm] === undefined ? {} : ({ encoding: "raw" } as const)
    const input = { mechanism, message: Uint8Array.of(1), path, ...encoding }
    const signature = await sign(permit("key.sign", handle, mechanism, path), handle, input)
    assert.equal(signature.length, signatureBytes)
  })
}
