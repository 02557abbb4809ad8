/** Shared secrets: encapsulated for a key's holder, taken out again, or agreed on by two keys. */

import { currentVersion } from "../domain/key.ts"
import * as agreement from "../engine/agreement.ts"
import * as kem from "../engine/kem.ts"
import type { KeyHandle } from "../sealing/handles.ts"
import { keyOf, mechanismOf, perform, type Act, type Ask } from "./act.ts"
import type {
  AgreeCommand,
  Context,
  DecapsulateCommand,
  EncapsulateCommand,
  EncapsulateResult,
  SharedSecretResult,
} from "./commands.ts"
import type { Ports } from "./ports.ts"

/**
 * Makes a shared secret under a key's current version.
 *
 * @throws HsmError KEY_NOT_FOUND, KEY_STATE, OPERATION_FORBIDDEN, RATE_LIMITED, AUDIT_UNAVAILABLE.
 */
export async function encapsulate(
  ports: Ports,
  context: Context,
  { key, mechanism }: EncapsulateCommand,
): Promise<EncapsulateResult> {
  const ask = { operation: "key.encapsulate", key, mechanism } as const
  return await withKey(ports, context, ask, ({ permit }, handle, used) =>
    kem.encapsulate(permit, handle, { mechanism: used }),
  )
}

/**
 * Takes a shared secret out of a ciphertext. One that was tampered with gives another secret.
 *
 * @throws HsmError DECRYPTION_FAILED for another length than the key's; otherwise as
 * {@link encapsulate}.
 */
export async function decapsulate(
  ports: Ports,
  context: Context,
  { key, mechanism, version, ciphertext }: DecapsulateCommand,
): Promise<SharedSecretResult> {
  const input = { ciphertext }
  const ask = { operation: "key.decapsulate", key, mechanism, version, input } as const
  return await withKey(ports, context, ask, async ({ permit }, handle, used) => ({
    sharedSecret: await kem.decapsulate(permit, handle, { mechanism: used, ciphertext }),
  }))
}

/**
 * Agrees on a shared secret with the holder of another key. It leaves whole, before any derivation.
 *
 * @throws HsmError MALFORMED_REQUEST, field `/publicKey`, when the other key does not fit, or the
 * two agree to nothing; otherwise as {@link encapsulate}.
 */
export async function agree(
  ports: Ports,
  context: Context,
  { key, mechanism, version, publicKey }: AgreeCommand,
): Promise<SharedSecretResult> {
  const input = { publicKey }
  const ask = { operation: "key.agree", key, mechanism, version, input } as const
  return await withKey(ports, context, ask, async ({ permit }, handle, used) => ({
    sharedSecret: await agreement.agree(permit, handle, { mechanism: used, publicKey }),
  }))
}

/** Runs `work` with the version that was asked for, and says which it was. */
async function withKey<T>(
  ports: Ports,
  context: Context,
  ask: Ask,
  work: (act: Act, handle: KeyHandle, mechanism: ReturnType<typeof mechanismOf>) => Promise<T> | T,
): Promise<T & Omit<SharedSecretResult, "sharedSecret">> {
  return await perform(ports, context, ask, async (act) => {
    const key = keyOf(act)
    const mechanism = mechanismOf(act)
    const version = ask.version ?? currentVersion(key)?.version ?? 0
    const handle = await ports.keys.open(key, version)
    return { ...(await work(act, handle, mechanism)), keyId: key.id, version, mechanism }
  })
}
