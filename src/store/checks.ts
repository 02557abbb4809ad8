/** What every driver does alike: bounds of the contract, order of keys, the cut of a page. */

import assert from "node:assert/strict"
import { HsmError } from "../domain/errors.ts"
import { storeLimits } from "./store.ts"
import type { Commit, Entry, Page, Rev, ScanOptions, Write } from "./store.ts"

const opIdPattern = /^[\x21-\x7e]+$/

/**
 * The store did not answer; what was asked may still happen.
 *
 * @param why - Completes "the store is unavailable: "; names no key and no value.
 */
export function storeUnavailable(why: string): HsmError {
  return new HsmError("STORE_UNAVAILABLE", `the store is unavailable: ${why}`)
}

/** @throws {@link HsmError} PAYLOAD_TOO_LARGE above {@link storeLimits.keyBytes}. */
export function checkKey(key: string): number {
  assert(key !== "" && key.isWellFormed() && !key.includes("\0"), "malformed key")
  const bytes = Buffer.byteLength(key)
  atMost(bytes, "keyBytes")
  return bytes
}

/** @throws {@link HsmError} PAYLOAD_TOO_LARGE for too many keys, or one too long. */
export function checkKeys(keys: readonly string[]): void {
  atMost(keys.length, "pageSize")
  for (const key of keys) checkKey(key)
}

/**
 * @returns The bytes of all keys and values.
 * @throws {@link HsmError} PAYLOAD_TOO_LARGE above any bound of {@link storeLimits}.
 */
export function checkCommit({ opId, when, then }: Commit): number {
  assert(opIdPattern.test(opId), "malformed opId")
  atMost(opId.length, "opIdBytes")
  atMost(when.length, "writesPerCommit")
  atMost(then.length, "writesPerCommit")
  let bytes = 0
  for (const { key, modRev } of when) {
    assert(Number.isSafeInteger(modRev) && modRev >= 0, "malformed modRev")
    bytes += checkKey(key)
  }
  for (const write of then) {
    bytes += checkKey(keyOf(write))
    if ("put" in write) {
      atMost(write.value.byteLength, "valueBytes")
      bytes += write.value.byteLength
    }
  }
  assert.equal(new Set(then.map(keyOf)).size, then.length, "keys are distinct")
  atMost(bytes, "commitBytes")
  return bytes
}

/** Checks the arguments of a scan and names where it begins. */
export function scanStart(
  prefix: string,
  { after, limit = storeLimits.pageSize }: ScanOptions,
): {
  readonly key: string
  /** Whether `key` itself belongs to the page. */
  readonly inclusive: boolean
  readonly limit: number
} {
  assert(Number.isSafeInteger(limit) && limit >= 1, "malformed limit")
  atMost(limit, "pageSize")
  if (prefix !== "") checkKey(prefix)
  if (after !== undefined) checkKey(after)
  const resumes = after !== undefined && compareKeys(after, prefix) >= 0
  return { key: resumes ? after : prefix, inclusive: !resumes, limit }
}

/** Cuts one page off `rows`, which ascend and may run past the prefix and the page. */
export function takePage(
  rows: Iterable<Entry>,
  { rev, prefix, limit }: { rev: Rev; prefix: string; limit: number },
): Page {
  const entries: Entry[] = []
  let bytes = 0
  for (const entry of rows) {
    if (!entry.key.startsWith(prefix)) break
    if (entries.length === limit || bytes >= storeLimits.pageBytes) {
      return { rev, entries, next: entries.at(-1)?.key }
    }
    entries.push(entry)
    bytes += entry.value.byteLength
  }
  return { rev, entries, next: undefined }
}

/** The key that a write touches. */
export function keyOf(write: Write): string {
  return "put" in write ? write.put : write.del
}

/** Orders keys by their UTF-8 bytes, which is by code point. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** UTF-16 puts surrogates (code points above U+FFFF) before U+E000; UTF-8 puts them last. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

function atMost(count: number, limit: keyof typeof storeLimits): void {
  if (count <= storeLimits[limit]) return
  throw new HsmError("PAYLOAD_TOO_LARGE", `${limit} of the store is ${storeLimits[limit]}`)
}
