/** Slow private-key operations leave the event loop; fast ones do not pay for it. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { defaultMechanism, type KeyAlgorithmId } from "../../src/domain/algorithms.ts"
import { decrypt, encrypt } from "../../src/engine/cipher.ts"
import type { Lane } from "../../src/engine/provider.ts"
import { sign } from "../../src/engine/signature.ts"
import { newHandle, none, permit } from "./fixture.ts"

/** From research on this version of OpenSSL: below 150 microseconds the hand-over costs more. */
const expected: Partial<Record<KeyAlgorithmId, Lane>> = {
  AES_256: "fast",
  HMAC_SHA_256: "fast",
  EC_P256: "fast",
  ED25519: "fast",
  EC_P384: "slow",
  EC_P521: "slow",
  RSA_2048: "slow",
}

for (const [name, lane] of Object.entries(expected)) {
  // The table's keys are algorithms.
  const algorithm = name as KeyAlgorithmId
  test(`${algorithm} is in the ${lane} lane, and its private operations are`, async () => {
    const handle = await newHandle(algorithm)
    assert.equal(handle.lane, lane)
    const signs = defaultMechanism(algorithm, "signature")
    if (signs !== undefined) {
      const input = { mechanism: signs, message: none }
      const made = sign(permit("key.sign", handle, signs), handle, input)
      assert.equal(made instanceof Promise, lane === "slow")
      assert.ok((await made).length > 0)
    }
    const encrypts = defaultMechanism(algorithm, "encryption")
    if (encrypts !== undefined) {
      const input = { mechanism: encrypts, aad: none }
      const encrypting = permit("key.encrypt", handle, encrypts)
      const sealed = encrypt(encrypting, handle, { ...input, plaintext: none })
      const opened = decrypt(permit("key.decrypt", handle, encrypts), handle, {
        ...input,
        ...sealed,
      })
      assert.equal(opened instanceof Promise, lane === "slow")
      assert.equal((await opened).length, 0)
    }
  })
}
