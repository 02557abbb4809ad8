/** What a row of the engine does again and again while it is measured, by the kind of mechanism. */

import assert from "node:assert/strict"

import {
  keyAlgorithm,
  mechanismRow,
  type KeyAlgorithmId,
  type MechanismId,
  type MechanismRow,
} from "../src/domain/algorithms.ts"
import { parsePath } from "../src/domain/derivation.ts"
import { decide, type Permit } from "../src/domain/policy.ts"
import { agree } from "../src/engine/agreement.ts"
import { encrypt } from "../src/engine/cipher.ts"
import { deriveMaterial, type DerivationParameters } from "../src/engine/derivation.ts"
import { generateMaterial } from "../src/engine/generate.ts"
import { decapsulate, encapsulate } from "../src/engine/kem.ts"
import type { KeyHandle } from "../src/engine/key-handle.ts"
import { mac } from "../src/engine/mac.ts"
import { openKey, provider, rowFor } from "../src/engine/open-keys.ts"
import { sign } from "../src/engine/signature.ts"
import { unwrapMaterial } from "../src/engine/wrap.ts"
import { benchQuestion } from "./algorithm-question.ts"
import type { Operation } from "./bare-operations.ts"

export const message = new Uint8Array(64).fill(7)
const secret = new Uint8Array(32).fill(7)

type Make = (
  handle: KeyHandle,
  mechanism: MechanismId,
  leave: (operation: Parameters<typeof benchQuestion>[0], path?: string) => Permit,
) => Operation | Promise<Operation>

const kinds: Record<MechanismRow["kind"], Make> = {
  signature: (handle, mechanism, leave) => {
    const { form, stateful } = keyAlgorithm(handle.algorithm)
    const text = form === "seed" ? "m/0'" : undefined
    const path = text === undefined ? undefined : parsePath(text)
    const permit = leave("key.sign", text)
    const context = mechanism === "ED25519_CTX" ? Uint8Array.of(1) : undefined
    const input = { mechanism, message: fitting(mechanism), context, path }
    let index = 1
    return () => {
      const own = stateful === undefined ? undefined : index++ % stateful.signatures
      return sign(permit, handle, { ...input, index: own })
    }
  },
  mac: (handle, mechanism, leave) => {
    const permit = leave("key.mac")
    return () => mac(permit, handle, { mechanism, message })
  },
  kem: (handle, mechanism, leave) => {
    const { ciphertext } = encapsulate(leave("key.encapsulate"), handle, { mechanism })
    const permit = leave("key.decapsulate")
    return () => decapsulate(permit, handle, { mechanism, ciphertext })
  },
  agreement: async (handle, mechanism, leave) => {
    const permit = leave("key.agree")
    const publicKey = await somebodys(handle.algorithm)
    return () => agree(permit, handle, { mechanism, publicKey })
  },
  encryption: (handle, mechanism, leave) => {
    const permit = leave("key.encrypt")
    const input = { mechanism, plaintext: fitting(mechanism), aad: new Uint8Array() }
    return () => encrypt(permit, handle, input)
  },
  wrap: async (handle, mechanism, leave) => {
    const permit = leave("key.unwrap")
    const row = rowFor(provider.wrap, handle, mechanism)
    const wrapped = await row.wrap(openKey(handle), secret)
    return async () => {
      const made = await unwrapMaterial(permit, handle, {
        mechanism,
        wrapped,
        algorithm: "HMAC_SHA_256",
      })
      made.material?.[Symbol.dispose]()
    }
  },
  derivation: async (handle, mechanism, leave) => {
    const permit = leave("key.derive")
    const parameters = await leastParameters(handle, mechanism)
    return async () => {
      const made = await deriveMaterial(permit, handle, {
        mechanism,
        algorithm: "AES_256",
        parameters,
      })
      made.material?.[Symbol.dispose]()
    }
  },
}

/** What the engine is asked for, under leave of the policy. */
export async function engineOperation(
  handle: KeyHandle,
  mechanism: MechanismId,
): Promise<Operation> {
  const leave = (operation: Parameters<typeof benchQuestion>[0], path?: string): Permit => {
    const decision = decide(benchQuestion(operation, handle, { mechanism, path }))
    assert(decision.outcome === "allowed", JSON.stringify(decision))
    return decision.permit
  }
  return await kinds[mechanismRow(mechanism).kind](handle, mechanism, leave)
}

/** What a derivation cannot do without. */
async function leastParameters(
  { algorithm }: KeyHandle,
  mechanism: MechanismId,
): Promise<DerivationParameters> {
  const { needs = [] } = mechanismRow(mechanism)
  if (needs.includes("publicKey")) return { publicKey: await somebodys(algorithm) }
  const values: DerivationParameters = {
    salt: new Uint8Array(16).fill(7),
    iterations: mechanism === "ARGON2ID" ? 1 : 1_000,
    memoryKiB: 8_192,
    parallelism: 1,
  }
  return Object.fromEntries(needs.map((name) => [name, values[name]]))
}

async function somebodys(algorithm: KeyAlgorithmId): Promise<Uint8Array> {
  const { publicKey } = await generateMaterial(algorithm)
  assert(publicKey !== undefined, "pairs alone agree")
  return publicKey
}

/** What RSA encrypts, and what is signed as it comes, is short; raw RSA takes a whole modulus. */
function fitting(mechanism: MechanismId): Uint8Array {
  return new Uint8Array(mechanismRow(mechanism).messageBytes ?? sizeOf(mechanism)).fill(7)
}

function sizeOf(mechanism: MechanismId): number {
  if (mechanism === "RSA_RAW") return 256
  return /^RSA_(OAEP|PKCS1_ENC)|_NONE$/.test(mechanism) ? 32 : message.length
}
