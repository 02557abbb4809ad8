/** What the parts of the contract suite share. */

import type { Commit, Entry, Store, Write } from "../../../src/store/store.ts"

/** Registers one test on a fresh store. */
export type Check = (
  name: string,
  body: (store: Store) => Promise<void>,
  historyRevs?: number,
) => void

/** The UTF-8 bytes of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A put; the value is the key's own text unless one is named. */
export const put = (key: string, value = key): Write => ({ put: key, value: bytes(value) })

/** The entry that one put in the first revision leaves. */
export const firstEntry = (key: string, value = key): Entry => ({
  key,
  value: bytes(value),
  modRev: 1,
  createRev: 1,
})

export const unavailable = { name: "HsmError", code: "STORE_UNAVAILABLE" }
export const tooLarge = { name: "HsmError", code: "PAYLOAD_TOO_LARGE" }

/** A commit without guards. */
export function writes(opId: string, ...then: Write[]): Commit {
  return { opId, when: [], then }
}

/** Writes `count` single-key commits `op-<n>` on keys `k<n>`, n from 1. */
export async function fill(store: Store, count: number): Promise<void> {
  for (let n = 1; n <= count; n++) await store.commit(writes(`op-${n}`, put(`k${n}`)))
}

/** The keys of the first page under a prefix. */
export async function keysUnder(store: Store, prefix: string): Promise<string[]> {
  return (await store.scan(prefix)).entries.map(({ key }) => key)
}
