/** The contract of get and scan. */

import assert from "node:assert/strict"
import { storeLimits } from "../../../src/store/store.ts"
import { bytes, keysUnder, put, writes } from "./kit.ts"
import type { Check } from "./kit.ts"

/** Single reads. */
export function reads(check: Check): void {
  check("an empty store is at revision 0 and has no entry", async (store) => {
    assert.deepEqual(await store.get(["a"]), { rev: 0, entries: [undefined] })
    assert.equal(await store.barrier(), 0)
    assert.deepEqual(await store.scan(""), { rev: 0, entries: [], next: undefined })
  })

  check("get answers in the order asked, with holes and repetitions", async (store) => {
    await store.commit(writes("1", put("a", "A"), put("b", "B")))
    const { rev, entries } = await store.get(["b", "x", "a", "b"])
    assert.equal(rev, 1)
    const b = { key: "b", value: bytes("B"), modRev: 1, createRev: 1 }
    assert.deepEqual(entries, [b, undefined, { ...b, key: "a", value: bytes("A") }, b])
  })

  check("an entry tells who created it and who wrote it last", async (store) => {
    await store.commit(writes("1", put("a")))
    await store.commit(writes("2", put("b")))
    await store.commit(writes("3", put("a", "new")))
    const [entry] = (await store.get(["a"])).entries
    assert.deepEqual([entry?.createRev, entry?.modRev], [1, 3])
    await store.commit(writes("4", { del: "a" }))
    await store.commit(writes("5", put("a")))
    const [again] = (await store.get(["a"])).entries
    assert.deepEqual([again?.createRev, again?.modRev], [5, 5])
  })

  check("values are copied: neither side changes what the other holds", async (store) => {
    const pool = bytes("__value__")
    const value = pool.subarray(2, 7)
    const pending = store.commit(writes("1", { put: "a", value }, put("empty", "")))
    pool.fill(0)
    await pending
    const first = await store.get(["a", "empty"])
    assert.deepEqual(
      first.entries.map((entry) => entry?.value),
      [bytes("value"), bytes("")],
    )
    first.entries[0]?.value.fill(0)
    assert.deepEqual((await store.get(["a"])).entries[0]?.value, bytes("value"))
  })

  check("writing the bytes that stand there is a commit like any other", async (store) => {
    await store.commit(writes("1", put("a")))
    await store.commit(writes("2", put("a")))
    assert.equal((await store.get(["a"])).entries[0]?.modRev, 2)
  })
}

/** Ordered, paged reads. */
export function scans(check: Check): void {
  // Ascending by UTF-8 bytes; UTF-16 would put the emoji before U+FF5E.
  const ordered = ["p/", "p/A", "p/a", "p/a/b", "p/\u00e9", "p/\uff5e", "p/\u{1f511}"]

  check("scan orders by UTF-8 bytes and stays within the prefix", async (store) => {
    const others = ["o", "p", "p.", "p0", "q/a"]
    await store.commit(writes("1", ...[...ordered, ...others].toReversed().map((key) => put(key))))
    assert.deepEqual(await keysUnder(store, "p/"), ordered)
    assert.deepEqual(await keysUnder(store, "p/\u{1f511}"), ["p/\u{1f511}"])
    assert.deepEqual(await keysUnder(store, ""), ["o", "p", "p.", ...ordered, "p0", "q/a"])
    assert.deepEqual(await keysUnder(store, "r"), [])
  })

  check("pages join to the whole, and the last one says so", async (store) => {
    await store.commit(writes("1", ...ordered.map((key) => put(key)), put("q")))
    for (const limit of [1, 2, 3, ordered.length, 100]) {
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await store.scan("p/", { after, limit })
        assert.ok(page.entries.length <= limit)
        seen.push(...page.entries.map(({ key }) => key))
        after = page.next
      } while (after !== undefined)
      assert.deepEqual(seen, ordered)
    }
  })

  check("a page may start after a key that is not there, or outside the prefix", async (store) => {
    await store.commit(writes("1", ...ordered.map((key) => put(key)), put("q")))
    const from = async (after: string): Promise<number> =>
      (await store.scan("p/", { after })).entries.length
    assert.equal(await from("a"), ordered.length)
    assert.equal(await from("p/a/"), 4)
    assert.equal(await from("q"), 0)
  })

  check("a page of large values ends early and goes on", async (store) => {
    const value = new Uint8Array(storeLimits.valueBytes)
    const count = Math.ceil(storeLimits.pageBytes / value.byteLength) + 2
    for (let n = 10; n < 10 + count; n++) {
      await store.commit(writes(`op-${n}`, { put: `k${n}`, value }))
    }
    const first = await store.scan("k")
    assert.equal(first.entries.length, count - 2)
    const rest = await store.scan("k", { after: first.next })
    assert.deepEqual([rest.entries.length, rest.next], [2, undefined])
  })
}
