/** Every published answer through the public functions, under permits; and with a bit flipped. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { parsePath } from "../../src/domain/derivation.ts"
import { keyAlgorithm, type MechanismId } from "../../src/domain/algorithms.ts"
import { decrypt, encrypt } from "../../src/engine/cipher.ts"
import { wrapMaterial } from "../../src/engine/wrap.ts"
import type {
  EncryptionAnswer,
  MacAnswer,
  SignatureAnswer,
  WrapAnswer,
} from "../../src/engine/known-answers/answer.ts"
import { encryptionAnswers } from "../../src/engine/known-answers/encryption.ts"
import { macAnswers, wrapAnswers } from "../../src/engine/known-answers/mac-and-wrap.ts"
import { signatureAnswers } from "../../src/engine/known-answers/signature.ts"
import { mac, verifyMac } from "../../src/engine/mac.ts"
import { nodeProvider } from "../../src/engine/node/provider.ts"
import { openKey, provider, rowFor } from "../../src/engine/open-keys.ts"
import type { MacId } from "../../src/engine/provider.ts"
import { hash } from "../../src/engine/hash.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import { flip, handleOf, otherKeyId, permit } from "./fixture.ts"
import { isRepeated } from "./native.ts"

function entries<Answer>(
  table: Readonly<Record<string, readonly Answer[]>>,
): { mechanism: MechanismId; answer: Answer }[] {
  return Object.entries(table).flatMap(([mechanism, answers]) =>
    // The tables' keys are mechanisms: their `satisfies` says so.
    answers.map((answer) => ({ mechanism: mechanism as MechanismId, answer })),
  )
}

for (const { mechanism, answer } of entries<EncryptionAnswer>(encryptionAnswers)) {
  const { algorithm, source, key, iv, aad, plaintext, ciphertext } = answer
  test(`${mechanism} with ${algorithm} encrypts and decrypts as ${source} says`, async () => {
    const handle = handleOf(algorithm, { material: key })
    const encrypting = permit("key.encrypt", handle, mechanism)
    const decrypting = permit("key.decrypt", handle, mechanism)
    const made = encrypt(encrypting, handle, { mechanism, plaintext, aad, iv })
    if (keyAlgorithm(algorithm).form === "secret")
      assert.deepEqual(hexOf(made.ciphertext), hexOf(ciphertext))
    for (const sample of [ciphertext, made.ciphertext]) {
      const opened = await decrypt(decrypting, handle, { mechanism, iv, aad, ciphertext: sample })
      assert.equal(hexOf(opened), hexOf(plaintext))
    }
  })
}

for (const { mechanism, answer } of entries<SignatureAnswer>(signatureAnswers)) {
  const { algorithm, source, message, parameters = {} } = answer
  if (!isRepeated(algorithm)) continue
  test(`${mechanism} with ${algorithm} signs and verifies as ${source} says`, async () => {
    const handle = handleOf(
      algorithm,
      "key" in answer ? { material: answer.key } : { publicKey: answer.publicKey },
    )
    const path = answer.path === undefined ? undefined : parsePath(answer.path)
    const verifying = permit("key.verify", handle, mechanism, path)
    const input = { mechanism, message, path, ...parameters }
    const made =
      "key" in answer
        ? await sign(permit("key.sign", handle, mechanism, path), handle, input)
        : undefined
    const signature = "signature" in answer ? answer.signature : made
    assert.ok(signature !== undefined && verify(verifying, handle, { ...input, signature }))
    assert.ok(!verify(verifying, handle, { ...input, signature: flip(signature, 77) }))
    const other = flip(message, 3)
    assert.ok(!verify(verifying, handle, { ...input, message: other, signature }))
    if (made === undefined) return
    assert.ok(verify(verifying, handle, { ...input, signature: made }))
    if ("signatureSha256" in answer) {
      assert.equal(hexOf(hash("SHA_256", made)), hexOf(answer.signatureSha256))
    } else if ("repeatable" in answer) {
      assert.equal(hexOf(made) === hexOf(signature), answer.repeatable)
    }
  })
}

for (const { mechanism, answer } of entries<MacAnswer>(macAnswers)) {
  const { algorithm, source, key, message, mac: expected } = answer
  test(`${mechanism} gives and accepts the tag of ${source}, and no other`, () => {
    const handle = handleOf(algorithm, { material: key })
    const made = mac(permit("key.mac", handle, mechanism), handle, { mechanism, message })
    const random = nodeProvider.mac[mechanism as MacId].ivBytes > 0
    assert.equal(hexOf(made) === hexOf(expected), !random)
    const checking = permit("key.verify-mac", handle, mechanism)
    const accepts = (candidate: Uint8Array): boolean =>
      verifyMac(checking, handle, { mechanism, message, mac: candidate })
    assert.ok(accepts(made) && accepts(expected))
    assert.ok(!accepts(flip(expected, 9)))
    assert.ok(!accepts(expected.subarray(0, -1)))
    assert.ok(!accepts(Uint8Array.of(...expected, 0)))
  })
}

for (const { mechanism, answer } of entries<WrapAnswer>(wrapAnswers)) {
  const { algorithm, source, key, secret, wrapped } = answer
  test(`${mechanism} wraps under ${algorithm} as ${source} says`, async () => {
    const wrapping = handleOf(algorithm, { material: key })
    // Any secret key will do: its length is not checked when it is opened.
    const target = handleOf("HMAC_SHA_256", { material: secret }, otherKeyId)
    const permits = {
      wrap: permit("key.wrap", wrapping, mechanism),
      target: permit("key.export-wrapped", target),
    }
    const made = await wrapMaterial(permits, { wrapping, target, mechanism })
    const row = rowFor(provider.wrap, wrapping, mechanism)
    if (row.deterministic === true) assert.equal(hexOf(made), hexOf(wrapped))
    for (const one of [made, wrapped]) {
      using unwrapped = await row.unwrap(openKey(wrapping), one)
      assert.equal(unwrapped.lend(hexOf), hexOf(secret))
    }
  })
}

function hexOf(bytes: Uint8Array): string {
  return bytes.toHex()
}
