/** The contract of history, bounds and operation. */

import assert from "node:assert/strict"
import { storeLimits } from "../../../src/store/store.ts"
import type { Commit } from "../../../src/store/store.ts"
import { fill, keysUnder, put, tooLarge, unavailable, writes } from "./kit.ts"
import type { Check } from "./kit.ts"

/** What changed, and how long that is known. */
export function history(check: Check): void {
  check("changes lists whole revisions, ascending, from where one asks", async (store) => {
    await store.commit(writes("1", put("b"), put("a")))
    await store.commit(writes("2", put("c"), { del: "a" }))
    const all = [
      { rev: 1, keys: ["b", "a"] },
      { rev: 2, keys: ["c", "a"] },
    ]
    assert.deepEqual(await store.changes(0), all)
    assert.deepEqual(await store.changes(1), all.slice(1))
    assert.deepEqual(await store.changes(2), [])
  })

  check("changes from a revision ahead of the store is unknown history", async (store) => {
    assert.deepEqual(await store.changes(0), [])
    assert.equal(await store.changes(1), undefined)
    await store.commit(writes("1", put("a")))
    assert.equal(await store.changes(2), undefined)
  })

  check("changes gives up when too many keys changed", async (store) => {
    const many = Array.from({ length: storeLimits.writesPerCommit }, (_, n) => put(`k${n}`, ""))
    const rounds = Math.ceil(storeLimits.changedKeys / many.length)
    for (let n = 1; n <= rounds; n++) await store.commit(writes(`op-${n}`, ...many))
    assert.equal(await store.changes(0), undefined)
    assert.equal((await store.changes(1))?.length, rounds - 1)
  })

  check("compact forgets history and operations, and no entry", async (store) => {
    await fill(store, 5)
    await store.compact(4)
    assert.equal(await store.changes(2), undefined)
    assert.deepEqual(
      (await store.changes(3))?.map(({ rev }) => rev),
      [4, 5],
    )
    assert.deepEqual((await keysUnder(store, "k")).length, 5)
    assert.equal((await store.commit(writes("op-4", put("x")))).rev, 4)
    assert.deepEqual(await store.commit(writes("op-3", put("x"))), {
      ok: true,
      rev: 6,
      replayed: false,
    })
  })

  check("compact never forgets the newest commit, nor brings back the forgotten", async (store) => {
    await store.compact(10)
    await fill(store, 3)
    await store.compact(10)
    await store.compact(1)
    assert.equal(await store.barrier(), 3)
    assert.equal((await store.commit(writes("op-3", put("x")))).rev, 3)
    assert.deepEqual(await store.changes(2), [{ rev: 3, keys: ["k3"] }])
    assert.equal(await store.changes(1), undefined)
  })

  check(
    "history beyond the bound is forgotten by itself",
    async (store) => {
      await fill(store, 25)
      assert.equal(await store.changes(14), undefined)
      assert.deepEqual((await store.changes(15))?.length, 10)
      assert.equal((await store.commit(writes("op-16", put("x")))).rev, 16)
      assert.equal((await store.commit(writes("op-15", put("x")))).rev, 26)
    },
    10,
  )
}

/** What is too large, and what is a bug. */
export function bounds(check: Check): void {
  const { keyBytes, valueBytes, writesPerCommit, commitBytes, pageSize } = storeLimits
  const largest = new Uint8Array(valueBytes)

  check("what lies at a bound is stored, what lies beyond is refused whole", async (store) => {
    const key = "\u00e9".repeat(keyBytes / 2)
    await store.commit(writes("1", { put: key, value: largest }))
    assert.equal((await store.get([key])).entries[0]?.value.byteLength, valueBytes)
    const beyond: Commit[] = [
      writes("2", put(`${key}x`)),
      writes("3", put("a"), { put: "b", value: new Uint8Array(valueBytes + 1) }),
      writes("4", ...Array.from({ length: writesPerCommit + 1 }, (_, n) => put(`k${n}`))),
      { opId: "5", when: [{ key: `${key}x`, modRev: 0 }], then: [] },
      {
        ...writes("6"),
        when: Array.from({ length: writesPerCommit + 1 }, () => ({ key: "a", modRev: 0 })),
      },
      writes(
        "7",
        ...Array.from({ length: Math.ceil(commitBytes / valueBytes) }, (_, n) => ({
          put: `k${n}`,
          value: largest,
        })),
      ),
      writes("8".repeat(129), put("a")),
    ]
    for (const commit of beyond) await assert.rejects(store.commit(commit), tooLarge)
    assert.equal(await store.barrier(), 1)
  })

  check("reads have bounds too", async (store) => {
    assert.equal((await store.get(Array(pageSize).fill("a"))).entries.length, pageSize)
    await assert.rejects(store.get(Array(pageSize + 1).fill("a")), tooLarge)
    await assert.rejects(store.get(["a".repeat(keyBytes + 1)]), tooLarge)
    await assert.rejects(store.scan("", { limit: pageSize + 1 }), tooLarge)
    await assert.rejects(store.scan("a".repeat(keyBytes + 1)), tooLarge)
  })

  check("a caller's bug fails an assertion and stores nothing", async (store) => {
    const bug = { code: "ERR_ASSERTION" }
    const malformed: Commit[] = [
      writes("", put("a")),
      writes("a b", put("a")),
      writes("\u00e9", put("a")),
      writes("1", put("")),
      writes("1", put("a\0b")),
      writes("1", put("\ud800")),
      writes("1", put("a"), { del: "a" }),
      { ...writes("1"), when: [{ key: "a", modRev: -1 }] },
      { ...writes("1"), when: [{ key: "a", modRev: 0.5 }] },
    ]
    for (const commit of malformed) await assert.rejects(store.commit(commit), bug)
    await assert.rejects(store.get([""]), bug)
    for (const limit of [0, -1, 1.5]) await assert.rejects(store.scan("", { limit }), bug)
    assert.equal(await store.barrier(), 0)
  })
}

/** Health, scrub, close. */
export function operation(check: Check): void {
  check("health reports revision, size and version", async (store) => {
    await store.commit(writes("1", put("a", "x".repeat(1_000))))
    const { writable, rev, bytes: size, version } = await store.health()
    assert.deepEqual([writable, rev], [true, 1])
    assert.ok(size >= 1_000)
    assert.notEqual(version, "")
  })

  check("scrub takes every step and loses nothing", async (store) => {
    await fill(store, 20)
    assert.deepEqual(
      (await store.scrub()).filter(({ ok }) => !ok),
      [],
    )
    assert.equal((await keysUnder(store, "k")).length, 20)
  })

  check("close finishes what was handed over, then refuses everything", async (store) => {
    const pending = store.commit(writes("1", put("a")))
    await store.close()
    assert.equal((await pending).ok, true)
    await store.close()
    const calls = [
      () => store.get(["a"]),
      () => store.scan(""),
      () => store.commit(writes("2")),
      () => store.barrier(),
      () => store.changes(0),
      () => store.compact(1),
      () => store.scrub(),
      () => store.health(),
      () => Array.fromAsync(store.backup()),
    ]
    for (const call of calls) await assert.rejects(call, unavailable)
  })
}
