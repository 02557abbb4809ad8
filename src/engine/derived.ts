/** What follows from a seed and a path, under a permit: public keys, addresses, child keys. */

import assert from "node:assert/strict"
import type { KeyObject } from "node:crypto"
import { chain, type ChainCurve, type ChainId, type ChainNetwork } from "../domain/chains.ts"
import { keyAlgorithm, type KeyAlgorithmId } from "../domain/algorithms.ts"
import { formatPath, hardenedOffset, type DerivationPath } from "../domain/derivation.ts"
import { HsmError } from "../domain/errors.ts"
import type { Permit } from "../domain/policy.ts"
import { addresses, cardanoAccountText, extendedPublicText } from "./hd/address.ts"
import { openDerived } from "./hd/derived-keys.ts"
import { childMaterial, lendExtended } from "./hd/seed-keys.ts"
import { pointOf } from "./hd/slip10.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import { publicHalf } from "./node/key.ts"
import { publicOf } from "./noble/ed25519-extended.ts"
import { openKey, type OpenKey } from "./open-keys.ts"
import type { Material } from "./provider.ts"

/** The pair that is meant: behind the handle itself, or where the path leads from its seed. */
export function pairOf(handle: KeyHandle, path: DerivationPath | undefined): OpenKey {
  const isSeed = keyAlgorithm(handle.algorithm).form === "seed"
  if (isSeed && path === undefined) throw malformed("/path", "a seed's key is named by its path")
  if (!isSeed && path !== undefined) throw malformed("/path", "nothing is derived from this key")
  return path === undefined ? openKey(handle) : openDerived(handle, path)
}

/**
 * The public key at a path.
 *
 * @param permit - covers `key.derive-public` with this key and path.
 * @returns SPKI DER.
 * @throws HsmError MALFORMED_REQUEST, field `/path`; SEALED when the handle was closed.
 */
export function derivePublic(permit: Permit, handle: KeyHandle, path: DerivationPath): Uint8Array {
  const { keyId } = handle
  assert(permit.covers({ operation: "key.derive-public", keyId, path: formatPath(path) }))
  return spkiOf(publicHalf(pairOf(handle, path)))
}

export interface AddressOrder {
  readonly chain: ChainId
  readonly network: ChainNetwork | undefined
  readonly path: DerivationPath | undefined
}

/**
 * The address of a public key, computed here from the key that is here.
 *
 * @param permit - covers `key.address` with this key and path.
 * @throws HsmError MALFORMED_REQUEST, field `/chain`, `/network` or `/path`: the key is on another
 * curve, the chain's networks have the same addresses, or a base address of Cardano is asked for
 * without an account's path; SEALED when the handle was closed.
 */
export function deriveAddress(
  permit: Permit,
  handle: KeyHandle,
  { chain: id, network, path }: AddressOrder,
): { readonly address: string; readonly publicKey: Uint8Array } {
  const bound = path === undefined ? undefined : formatPath(path)
  assert(permit.covers({ operation: "key.address", keyId: handle.keyId, path: bound }))
  const { curves, testnet, account } = chain(id)
  const half = publicHalf(pairOf(handle, path))
  if (!curves.some((curve) => curve === curveOf(half))) {
    throw malformed("/chain", `${id} takes keys on ${curves.join(" or ")}`)
  }
  if (network === "testnet" && testnet !== true) {
    throw malformed("/network", `${id} has the same addresses on every network`)
  }
  const stake = account === true ? rawOf(publicHalf(pairOf(handle, stakePath(path)))) : undefined
  const input = { point: rawOf(half), network: network ?? "mainnet", stake }
  return { address: addresses[id](input), publicKey: spkiOf(half) }
}

/**
 * An extended public key: whoever has it computes all public keys below it, and with one private
 * key below it the private key itself. It has an operation of its own for that.
 *
 * @param permit - covers `key.extended-public` with this key and path.
 * @returns as BIP 32 writes it, or for Cardano's accounts CIP-5.
 * @throws HsmError MALFORMED_REQUEST, field `/path`, where there is none: on P-256 and by SLIP-10
 * on Ed25519; SEALED when the handle was closed.
 */
export function deriveExtendedPublic(
  permit: Permit,
  handle: KeyHandle,
  { path, network = "mainnet" }: { readonly path: DerivationPath; readonly network?: ChainNetwork },
): string {
  const { keyId, algorithm } = handle
  assert(permit.covers({ operation: "key.extended-public", keyId, path: formatPath(path) }))
  const seed = openKey(handle)
  if (algorithm === "BIP32_ED25519_CARDANO") {
    if (path.length !== 3) throw malformed("/path", "an account's path has three steps (CIP-1852)")
    return lendExtended(seed, path, ({ secret, chainCode }) =>
      cardanoAccountText(publicOf(secret), chainCode),
    )
  }
  if (algorithm !== "BIP32_SECP256K1") {
    throw malformed("/path", `keys of ${algorithm} have no extended public form`)
  }
  const point = (from: DerivationPath): Uint8Array =>
    lendExtended(seed, from, (key) => pointOf("secp256k1", key))
  const depth = path.length
  const parent = depth === 0 ? undefined : point(path.slice(0, -1))
  return lendExtended(seed, path, (key) =>
    extendedPublicText({
      network,
      depth,
      parent,
      index: path.at(-1) ?? 0,
      chainCode: key.chainCode,
      point: pointOf("secp256k1", key),
    }),
  )
}

/**
 * The pair at a path, to be stored as a key of its own.
 *
 * @param permit - covers `key.derive-child` with this key and path.
 * @throws HsmError OPERATION_FORBIDDEN for Cardano's keys, which no other algorithm has;
 * MALFORMED_REQUEST, field `/path`; SEALED when the handle was closed.
 */
export function deriveChild(
  permit: Permit,
  handle: KeyHandle,
  path: DerivationPath,
): Material & { readonly algorithm: KeyAlgorithmId } {
  const { keyId, algorithm } = handle
  assert(permit.covers({ operation: "key.derive-child", keyId, path: formatPath(path) }))
  if (keyAlgorithm(algorithm).form !== "seed") {
    throw new HsmError("OPERATION_FORBIDDEN", "nothing is derived from this key by a path")
  }
  return childMaterial(openKey(handle), path)
}

/** CIP-1852: role 2, index 0 of the same account. */
function stakePath(path: DerivationPath | undefined): DerivationPath {
  const [purpose, coin, account, , ...rest] = path ?? []
  const isAccount = [purpose, coin, account].every((step = 0) => step >= hardenedOffset)
  if (!isAccount || rest.length !== 1 || purpose === undefined) {
    throw malformed("/path", "a base address wants m/1852'/1815'/account'/role/index (CIP-1852)")
  }
  return [purpose, coin ?? 0, account ?? 0, 2, 0]
}

function curveOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): ChainCurve | undefined {
  if (asymmetricKeyType === "ed25519") return "ed25519"
  return asymmetricKeyDetails?.namedCurve === "secp256k1" ? "secp256k1" : undefined
}

function rawOf(half: KeyObject): Uint8Array {
  return Uint8Array.from(half.export({ format: "raw-public" }))
}

function spkiOf(half: KeyObject): Uint8Array {
  return Uint8Array.from(half.export({ format: "der", type: "spki" }))
}
