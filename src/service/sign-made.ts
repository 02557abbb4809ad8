/**
 * What a key signs that is made here for that very key: certificates, requests for them, and
 * timestamps. It is made first, then decided on and signed like any message, but for the name of
 * the operation, which grants can give alone.
 */

import type { MechanismId } from "../domain/algorithms.ts"
import { HsmError } from "../domain/errors.ts"
import type { KeyId } from "../domain/ids.ts"
import { currentVersion, type KeyRecord } from "../domain/key.ts"
import { signatureIdentifier, usualMechanism } from "../engine/certificates/identifiers.ts"
import * as signatures from "../engine/signature.ts"
import { keyOf, mechanismOf, perform, type Act, type Ask } from "./act.ts"
import type { Context, KeyRef } from "./commands.ts"
import { findKey } from "./find-key.ts"
import type { Ports } from "./ports.ts"

/** What is to be signed, before it is known by which key. */
export interface MadePlan {
  readonly ask: MadeAsk
  /** What approvers have seen: made again, it has to be this. */
  readonly pinned?: { readonly info: Uint8Array } | undefined
  /** @throws HsmError for what stands in the way; told once the caller may know of the key. */
  readonly make: (signer: MadeSigner) => Promise<Uint8Array>
}

type MadeAsk = Pick<Ask, "target" | "note"> & {
  readonly operation:
    | "certificate.request"
    | "certificate.self-sign"
    | "certificate.issue"
    | "key.timestamp"
  readonly key: KeyRef
  /** The usual one of the key's algorithm when undefined. */
  readonly mechanism: MechanismId | undefined
}

/** For whom it is made. */
export interface MadeSigner {
  readonly record: KeyRecord
  readonly publicKey: Uint8Array
  /** AlgorithmIdentifier of the signature, DER. */
  readonly signedWith: Uint8Array
}

/** What was made, and its signature. */
export interface SignedMade {
  readonly keyId: KeyId
  readonly version: number
  readonly mechanism: MechanismId
  readonly info: Uint8Array
  readonly signedWith: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Makes it, and signs it where that is allowed.
 *
 * @param finish - makes the answer of it, before the act ends.
 * @throws HsmError as `sign`, and what `make` throws.
 */
export async function signMade<T>(
  ports: Ports,
  context: Context,
  plan: MadePlan,
  finish: (act: Act, signed: SignedMade) => Promise<T> | T,
): Promise<T> {
  const prepared = await prepareMade(ports, context, plan)
  const { info, signedWith, version } = prepared
  const input = info === undefined ? {} : signatures.coveredInput({ message: info })
  const asked = { ...plan.ask, mechanism: prepared.mechanism, input }
  return await perform(ports, context, asked, async (act) => {
    const key = keyOf(act)
    const mechanism = mechanismOf(act)
    if (prepared.flaw !== undefined) throw prepared.flaw
    if (info === undefined || signedWith === undefined || version === undefined) {
      throw notSigning()
    }
    if (currentVersion(key)?.version !== version) {
      throw new HsmError("CONFLICT", "the key was rotated just now; try again")
    }
    const handle = await ports.keys.open(key, version)
    const signature = await signatures.sign(act.permit, handle, { mechanism, message: info })
    return await finish(act, { keyId: key.id, version, mechanism, info, signedWith, signature })
  })
}

/** Ready to be decided on and signed, or what stands in the way, once it may be told. */
export interface PreparedMade {
  readonly mechanism?: MechanismId | undefined
  readonly version?: number
  readonly info?: Uint8Array
  readonly signedWith?: Uint8Array
  readonly flaw?: HsmError
}

/** Nothing about the key is told before the decision: what is wrong waits until then. */
export async function prepareMade(
  ports: Ports,
  context: Context,
  { ask: { key: ref, mechanism: wanted }, pinned, make }: MadePlan,
): Promise<PreparedMade> {
  await ports.records.sync()
  const record = (await findKey(ports, context, ref))?.key
  const current = record === undefined ? undefined : currentVersion(record)
  if (record === undefined || current?.publicKey === undefined) return { mechanism: wanted }
  const { algorithm } = record
  const { version, publicKey } = current
  const mechanism = wanted ?? usualMechanism(algorithm)
  if (mechanism === undefined) return {}
  const signedWith = signatureIdentifier(algorithm, mechanism)
  if (signedWith === undefined) {
    const text = `${mechanism} signs no certificates`
    const flaw = new HsmError("MALFORMED_REQUEST", text, { field: "/mechanism" })
    return { mechanism, flaw }
  }
  try {
    const info = await make({ record, publicKey, signedWith })
    if (pinned !== undefined && Buffer.compare(pinned.info, info) !== 0) {
      const text = "the key or its certificates have changed since it was asked for"
      return { mechanism, flaw: new HsmError("KEY_STATE", text) }
    }
    return { mechanism, version, info, signedWith }
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    return { mechanism, flaw: error }
  }
}

/** Keys without a public half, or that sign nothing. */
export function notSigning(): HsmError {
  return new HsmError("OPERATION_FORBIDDEN", "certificates are of pairs that sign")
}
