/** The node starts with what was shown to work, or not at all. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { keyAlgorithms, mechanisms } from "../../src/domain/algorithms.ts"
import { loadAddon } from "../../src/engine/native/load.ts"
import { nodeProvider } from "../../src/engine/node/provider.ts"
import type { OpenKey } from "../../src/engine/open-keys.ts"
import type { Provider } from "../../src/engine/provider.ts"
import { runSelfTests } from "../../src/engine/self-test.ts"
import { flip } from "./fixture.ts"

test("self-tests cover every mechanism and every key algorithm", async () => {
  const { passed, later, provider } = await runSelfTests()
  assert.equal(provider, loadAddon() === undefined ? "node:crypto" : "native")
  const tested = [...passed, ...later].map((row) => row.mechanism)
  assert.deepEqual(sorted(tested), sorted(Object.keys(mechanisms)))
  assert.deepEqual(sorted(passed.map((row) => row.algorithm)), sorted(Object.keys(keyAlgorithms)))
})

const { encryption, signature, mac, wrap, kem, agreement } = nodeProvider
const broken: Record<string, Partial<Provider<OpenKey>>> = {
  "AES_GCM with AES_128": {
    encryption: {
      ...encryption,
      AES_GCM: {
        ...encryption.AES_GCM,
        seal: (key, input) => flip(encryption.AES_GCM.seal(key, input), 5),
      },
    },
  },
  "XAES_256_GCM with AES_256": {
    encryption: {
      ...encryption,
      XAES_256_GCM: {
        ...encryption.XAES_256_GCM,
        open: (key, input) => {
          try {
            return encryption.XAES_256_GCM.open(key, input)
          } catch {
            // A row that forgets to check the tag.
            return new Uint8Array()
          }
        },
      },
    },
  },
  "RSA_OAEP_SHA_384 with RSA_2048": {
    encryption: { ...encryption, RSA_OAEP_SHA_384: encryption.RSA_OAEP_SHA_256 },
  },
  "ED25519 with ED25519": {
    signature: { ...signature, ED25519: { ...signature.ED25519, verify: () => true } },
  },
  "RSA_PSS_SHA_256 with RSA_2048": {
    signature: { ...signature, RSA_PSS_SHA_256: signature.RSA_PKCS1_SHA_256 },
  },
  "HMAC_SHA_512 with HMAC_SHA_512": { mac: { ...mac, HMAC_SHA_512: mac.HMAC_SHA_384 } },
  "ML_KEM with ML_KEM_512": {
    // A row that answers whoever forges a ciphertext.
    kem: { ...kem, ML_KEM: { ...kem.ML_KEM, decapsulate: () => new Uint8Array(32) } },
  },
  "X448 with X448": {
    agreement: {
      ...agreement,
      X448: { agree: async (...keys) => flip(await agreement.X448.agree(...keys), 0) },
    },
  },
  "AES_KWP with AES_192": {
    wrap: { ...wrap, AES_KWP: { ...wrap.AES_KWP, wrap: (_key, secret) => secret.slice() } },
  },
}

for (const [row, change] of Object.entries(broken)) {
  test(`self-tests refuse to start and name the row when ${row} is broken`, async () => {
    await assert.rejects(runSelfTests({ ...nodeProvider, ...change }), {
      code: "INTERNAL",
      message: `self-test of ${row} failed`,
    })
  })
}

function sorted(names: Iterable<string>): string[] {
  return [...new Set(names)].toSorted()
}
