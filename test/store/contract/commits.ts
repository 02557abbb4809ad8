/** The contract of commit: guards, replays, and many at once. */

import assert from "node:assert/strict"
import { bytes, firstEntry, keysUnder, put, writes } from "./kit.ts"
import type { Check } from "./kit.ts"

/** Conditions of a commit. */
export function guards(check: Check): void {
  check("a guard that holds lets the commit through", async (store) => {
    const created = await store.commit({
      ...writes("1", put("a")),
      when: [{ key: "a", modRev: 0 }],
    })
    assert.deepEqual(created, { ok: true, rev: 1, replayed: false })
    const changed = await store.commit({
      ...writes("2", put("a", "b")),
      when: [
        { key: "a", modRev: 1 },
        { key: "x", modRev: 0 },
      ],
    })
    assert.deepEqual(changed, { ok: true, rev: 2, replayed: false })
  })

  check("a guard that fails changes nothing and shows what is there", async (store) => {
    await store.commit(writes("1", put("a"), put("b")))
    const when = [
      { key: "a", modRev: 1 },
      { key: "b", modRev: 0 },
      { key: "x", modRev: 0 },
    ]
    const refused = await store.commit({ opId: "2", when, then: [put("a", "new"), { del: "b" }] })
    assert.deepEqual(refused, {
      ok: false,
      rev: 1,
      current: [firstEntry("a"), firstEntry("b"), undefined],
    })
    assert.deepEqual((await store.get(["a", "b"])).entries, [firstEntry("a"), firstEntry("b")])
    assert.deepEqual(await store.changes(1), [])
  })

  check("a stale guard is refused after delete and create anew", async (store) => {
    await store.commit(writes("1", put("a")))
    await store.commit(writes("2", { del: "a" }))
    await store.commit(writes("3", put("a")))
    const stale = await store.commit({ ...writes("4", put("a")), when: [{ key: "a", modRev: 1 }] })
    assert.equal(stale.ok, false)
  })

  check("deleting an absent key is a commit that changed no key", async (store) => {
    assert.equal((await store.commit(writes("1", { del: "a" }, put("b")))).rev, 1)
    assert.equal((await store.commit(writes("2", { del: "a" }))).rev, 2)
    assert.deepEqual(await store.changes(0), [
      { rev: 1, keys: ["b"] },
      { rev: 2, keys: [] },
    ])
  })
}

/** The same operation again. */
export function replays(check: Check): void {
  check("the same opId answers with the first outcome and writes nothing", async (store) => {
    const create = { ...writes("op", put("a", "first")), when: [{ key: "a", modRev: 0 }] }
    await store.commit(create)
    await store.commit(writes("other", put("b")))
    const replay = { ok: true, rev: 1, replayed: true }
    assert.deepEqual(await store.commit(create), replay)
    assert.deepEqual(await store.commit(writes("op", put("a", "second"))), replay)
    assert.deepEqual((await store.get(["a"])).entries[0]?.value, bytes("first"))
    assert.equal(await store.barrier(), 2)
  })

  check("a refused commit's opId is free for another attempt", async (store) => {
    const when = [{ key: "a", modRev: 7 }]
    assert.equal((await store.commit({ ...writes("op", put("a")), when })).ok, false)
    assert.deepEqual(await store.commit(writes("op", put("a"))), {
      ok: true,
      rev: 1,
      replayed: false,
    })
  })
}

/** Many at once. */
export function races(check: Check): void {
  check("of many commits on one guard exactly one wins", async (store) => {
    await store.commit(writes("base", put("a")))
    const when = [{ key: "a", modRev: 1 }]
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        store.commit({ opId: `racer-${n}`, when, then: [put("a", `${n}`), put(`won/${n}`)] }),
      ),
    )
    const winner = outcomes.findIndex(({ ok }) => ok)
    assert.equal(outcomes.filter(({ ok }) => ok).length, 1)
    assert.deepEqual(await keysUnder(store, "won/"), [`won/${winner}`])
    assert.deepEqual((await store.get(["a"])).entries[0]?.value, bytes(`${winner}`))
    const told = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.current[0]?.modRev]))
    assert.deepEqual(new Set(told), new Set([2]))
  })

  check("of many commits with one opId one writes and all hear of it", async (store) => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, n) => store.commit(writes("same", put("a", `${n}`)))),
    )
    assert.deepEqual(new Set(outcomes.map(({ rev }) => rev)), new Set([1]))
    const firsts = outcomes.filter((outcome) => outcome.ok && !outcome.replayed)
    assert.equal(firsts.length, 1)
  })

  check("parallel counters lose no increment", async (store) => {
    const increment = async (worker: number): Promise<void> => {
      for (let done = 0; done < 10;) {
        const [entry] = (await store.get(["n"])).entries
        const count = Number(new TextDecoder().decode(entry?.value)) + 1
        const outcome = await store.commit({
          opId: `${worker}-${count}`,
          when: [{ key: "n", modRev: entry?.modRev ?? 0 }],
          then: [put("n", `${count}`)],
        })
        if (outcome.ok) done += 1
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, worker) => increment(worker)))
    assert.deepEqual((await store.get(["n"])).entries[0]?.value, bytes("80"))
  })

  check("an acknowledged commit is behind the barrier and in every read", async (store) => {
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const { rev } = await store.commit(writes(`op-${n}`, put(`k${n}`)))
        assert.ok((await store.barrier()) >= rev)
        const read = await store.get([`k${n}`])
        assert.equal(read.entries[0]?.modRev, rev)
        assert.ok((await keysUnder(store, `k${n}`)).includes(`k${n}`))
        assert.ok((await store.changes(rev - 1))?.[0]?.rev === rev)
      }),
    )
  })
}
