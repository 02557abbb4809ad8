/** Describe, list and publish keys. */

import type { KeyRecord } from "../domain/key.ts"
import { currentVersion } from "../domain/key.ts"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { matchesPattern } from "../domain/principal.ts"
import { grantAdmits } from "../domain/principal.ts"
import { keyOf, perform } from "./act.ts"
import type { Context, KeyRef, ListKeysCommand, Page, PublicKeyResult } from "./commands.ts"
import { matchingPage } from "./page.ts"
import type { Ports } from "./ports.ts"

/** @throws HsmError KEY_NOT_FOUND, OPERATION_FORBIDDEN, AUDIT_UNAVAILABLE. */
export async function describeKey(
  ports: Ports,
  context: Context,
  { key }: { readonly key: KeyRef },
): Promise<KeyRecord> {
  return await perform(ports, context, { operation: "key.describe", key }, keyOf)
}

/**
 * One page of the keys that match and that the caller's grants admit, ordered by id. A page may be
 * short, even empty, and still have a `next`: only a page without `next` is the last.
 */
export async function listKeys(
  ports: Ports,
  context: Context,
  command: ListKeysCommand,
): Promise<Page<KeyRecord>> {
  const { partition, grants } = context.caller
  const { after, limit = limits.pageSizeDefault } = command
  return await perform(ports, context, { operation: "key.list" }, () =>
    matchingPage(ports, {
      kind: "key",
      partition,
      after,
      limit,
      matches: (key) =>
        matches(key, command) &&
        (grants.length === 0 || grants.some((grant) => grantAdmits(grant, "key.list", key))),
    }),
  )
}

/**
 * The public half of a pair.
 *
 * @throws HsmError OPERATION_FORBIDDEN for a secret key, which has none; KEY_STATE for a version
 * that does not exist.
 */
export async function publicKey(
  ports: Ports,
  context: Context,
  command: { readonly key: KeyRef; readonly version?: number | undefined },
): Promise<PublicKeyResult> {
  const { key: ref, version } = command
  return await perform(ports, context, { operation: "key.public", key: ref, version }, (act) => {
    const key = keyOf(act)
    const found = key.versions.find((known) => known.version === version) ?? currentVersion(key)
    if (found?.publicKey === undefined) {
      throw new HsmError("OPERATION_FORBIDDEN", `a key of ${key.algorithm} has no public half`)
    }
    return { keyId: key.id, version: found.version, publicKey: found.publicKey }
  })
}

function matches(key: KeyRecord, { name, tag, state, algorithm }: ListKeysCommand): boolean {
  if (state === undefined ? key.state === "destroyed" : key.state !== state) return false
  if (algorithm !== undefined && key.algorithm !== algorithm) return false
  if (name !== undefined && !matchesPattern(name, key.name)) return false
  if (tag === undefined) return true
  if (!Object.hasOwn(key.tags, tag.name)) return false
  return tag.value === undefined || key.tags[tag.name] === tag.value
}
