/** New keys derived from others, under a permit. */

import assert from "node:assert/strict"
import {
  derivationParameters,
  mechanismRow,
  type DerivationParameter,
  type KeyAlgorithmId,
  type MechanismId,
} from "../domain/algorithms.ts"
import { limits } from "../domain/limits.ts"
import type { Input, Permit } from "../domain/policy.ts"
import { orNothing, readPeer } from "./agreement.ts"
import { importMaterial } from "./generate.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import { openKey, provider, rowFor, type OpenKey } from "./open-keys.ts"
import type { DerivationInput, ImportedMaterial } from "./provider.ts"
import { SecretBytes } from "./secret-bytes.ts"
import { inLane } from "./slow-lane.ts"

/** What the new key depends on besides the old one; the mechanism's row says which of these. */
export interface DerivationParameters extends Omit<DerivationInput<never>, "peer"> {
  /** The other side's, SPKI DER. */
  readonly publicKey?: Uint8Array | undefined
}

export interface DeriveInput {
  readonly mechanism: MechanismId
  /** Of the new key: a secret key's, which says how many bytes are derived. */
  readonly algorithm: KeyAlgorithmId
  readonly parameters: DerivationParameters
}

/**
 * The material of a new secret key, the same for the same key and parameters.
 *
 * @param permit - covers `key.derive` with this key, the mechanism and {@link coveredParameters}.
 * @throws HsmError MALFORMED_REQUEST, field `/algorithm` for what is no secret key, `/<parameter>`
 * for one that is missing, does not belong to the mechanism or is out of bounds, `/publicKey` as
 * `agree`; RATE_LIMITED and KEY_STATE as the slow lane has it; SEALED when the handle was closed.
 */
export async function deriveMaterial(
  permit: Permit,
  handle: KeyHandle,
  { mechanism, algorithm, parameters }: DeriveInput,
): Promise<ImportedMaterial> {
  const { keyId } = handle
  const input = coveredParameters(parameters)
  assert(permit.covers({ operation: "key.derive", keyId, mechanism, input }))
  const row = rowFor(provider.derivation, handle, mechanism)
  const key = openKey(handle)
  const { secretBytes } = provider.keys[algorithm]
  if (secretBytes === undefined) throw malformed("/algorithm", "secret keys alone are derived")
  checkParameters(mechanism, parameters)
  const given = withPeer(handle, parameters)
  const lane = row.slow === true ? "slow" : handle.lane
  return await inLane(lane, permit, async () => {
    // Of derivations, agreements alone can come to nothing.
    using derived = new SecretBytes(await orNothing(() => row.derive(key, given, secretBytes)))
    return await derived.lend((bytes) => importMaterial(algorithm, "raw", bytes))
  })
}

/** What a permit for a derivation names, where it names its input. */
export function coveredParameters(parameters: DerivationParameters): Input {
  const values = derivationParameters.map((name) => {
    const value = parameters[name]
    return [name, typeof value === "number" ? value.toString() : value] as const
  })
  return Object.fromEntries<Input[string]>(values)
}

function checkParameters(mechanism: MechanismId, parameters: DerivationParameters): void {
  const { needs = [], takes = [] } = mechanismRow(mechanism)
  for (const name of derivationParameters) {
    const isGiven = parameters[name] !== undefined
    if (isGiven && !needs.includes(name) && !takes.includes(name)) {
      throw malformed(`/${name}`, `does not go with ${mechanism}`)
    }
    if (!isGiven && needs.includes(name)) throw malformed(`/${name}`, `is missing: ${mechanism}`)
    checkBounds(name, parameters, mechanism)
  }
}

function checkBounds(
  name: DerivationParameter,
  parameters: DerivationParameters,
  mechanism: MechanismId,
): void {
  const value = parameters[name]
  if (value === undefined) return
  const size = typeof value === "number" ? value : value.length
  const [least, most] = boundsOf(name, parameters, mechanism)
  if (size >= least && size <= most) return
  const unit = typeof value === "number" ? "" : " bytes"
  throw malformed(`/${name}`, `is ${least} to ${most}${unit} with ${mechanism}`)
}

/** A password's salt and costs have a floor: SP 800-132 section 5, RFC 9106 section 3.1. */
function boundsOf(
  name: DerivationParameter,
  { parallelism = 1 }: DerivationParameters,
  mechanism: MechanismId,
): readonly [number, number] {
  const { derivationBytesMax: bytesMax } = limits
  const isArgon2 = mechanism === "ARGON2ID"
  const bounds = {
    publicKey: [1, limits.publicKeysBytesMax],
    salt: [mechanismRow(mechanism).needs?.includes("salt") === true ? 16 : 0, bytesMax],
    info: [0, bytesMax],
    label: [0, bytesMax],
    context: [0, bytesMax],
    iv: [0, bytesMax],
    iterations: isArgon2 ? [1, limits.argon2PassesMax] : [1_000, limits.pbkdf2IterationsMax],
    memoryKiB: [8 * parallelism, limits.argon2MemoryKiBMax],
    parallelism: [1, limits.argon2ParallelismMax],
  } as const satisfies Record<DerivationParameter, readonly [number, number]>
  return bounds[name]
}

function withPeer(
  { algorithm }: KeyHandle,
  { publicKey, ...rest }: DerivationParameters,
): DerivationInput<OpenKey> {
  return publicKey === undefined ? rest : { ...rest, peer: readPeer(algorithm, publicKey) }
}
