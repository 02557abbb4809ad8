/**
 * Behind the handles: which provider's key each stands for, and the row that an operation asks for.
 * For modules of the engine alone; a test sees to it that no other folder imports this one.
 */

import assert from "node:assert/strict"
import { HsmError } from "../domain/errors.ts"
import { keyAlgorithm, type MechanismId } from "../domain/algorithms.ts"
import type { KeyHandle } from "./key-handle.ts"
import { malformed } from "./malformed.ts"
import type { NativeKey } from "./native/key.ts"
import { addon } from "./native/loaded.ts"
import { nativeProvider } from "./native/provider.ts"
import { nodeProvider } from "./node/provider.ts"
import type { Provider } from "./provider.ts"

/** A key of either provider: node:crypto's lacks what the addon would hold. */
export type OpenKey = NativeKey

/** The tables in use, chosen once: with the addon where it was built, else by node:crypto alone. */
export const provider: Provider<OpenKey> =
  addon === undefined ? nodeProvider : nativeProvider(addon)

/** An entry lives as long as its handle, or until the handle is closed. */
export const openKeys = new WeakMap<KeyHandle, OpenKey>()

/**
 * The key behind a handle.
 *
 * @throws {@link HsmError} SEALED when the handle was closed while its holder still used it.
 */
export function openKey(handle: KeyHandle): OpenKey {
  const key = openKeys.get(handle)
  if (key === undefined) throw new HsmError("SEALED", "the key was closed: open it again")
  return key
}

/**
 * Finds a mechanism's row in the table of the operation that asks for it. The policy has checked
 * that the key serves the mechanism; that the operation does is only known here.
 *
 * @throws {@link HsmError} MALFORMED_REQUEST when the mechanism is of another kind.
 */
export function rowFor<Id extends MechanismId, Row>(
  table: Readonly<Record<Id, Row>>,
  { algorithm }: KeyHandle,
  mechanism: MechanismId,
): Row {
  assert(keyAlgorithm(algorithm).mechanisms.includes(mechanism))
  if (isKeyOf(table, mechanism)) return table[mechanism]
  throw malformed("/mechanism", `${mechanism} does not serve this operation`)
}

function isKeyOf<Id extends MechanismId>(
  table: Readonly<Record<Id, unknown>>,
  mechanism: MechanismId,
): mechanism is Id {
  return Object.hasOwn(table, mechanism)
}
