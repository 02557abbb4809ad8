/** SQLite and the memory driver, its model, answer alike whatever is asked of them. */

import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts"
import type { Commit, Store } from "../../src/store/store.ts"
import { freshFile } from "./folder.ts"

const historyRevs = 12
const runs = process.env["KEYHOLD_LONG"] === "1" ? 1_000 : 25

const key = fc.constantFrom(
  "a",
  "a/1",
  "a/2",
  "b",
  "\u00e9",
  "\uff5e",
  "\ufffd",
  "\u{1f511}",
  "\x7f",
)
const rev = fc.nat(30)
const opId = fc.nat(40).map((n) => `op-${n}`)
const write = fc.oneof(
  fc.record({ put: key, value: fc.uint8Array({ maxLength: 6 }) }),
  fc.record({ del: key }),
)
/** `modRev` undefined: whatever the model holds, so that many guards are met. */
const guard = fc.record({ key, modRev: fc.option(rev, { nil: undefined, freq: 4 }) })
const draft = fc.record({
  opId,
  when: fc.array(guard, { maxLength: 2 }),
  then: fc.uniqueArray(write, {
    maxLength: 4,
    selector: (one) => ("put" in one ? one.put : one.del),
  }),
})
type Draft = typeof draft extends fc.Arbitrary<infer T> ? T : never

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ commits: fc.array(draft, { minLength: 1, maxLength: 5 }) }) },
  fc.record({ get: fc.array(key, { maxLength: 4 }) }),
  fc.record({
    scan: fc.oneof(fc.constant(""), key),
    after: fc.option(key, { nil: undefined }),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ changes: rev }),
  fc.record({ compact: rev }),
  fc.constant("reopen" as const),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

test("SQLite agrees with the model on every answer to random histories", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const file = freshFile()
      const model = openMemoryStore({ historyRevs })
      let store = await openSqliteStore({ file, historyRevs })
      try {
        for (const one of steps) {
          if (one === "reopen") {
            await store.close()
            store = await openSqliteStore({ file, historyRevs })
          } else {
            const commits = "commits" in one ? await meet(model, one.commits) : []
            assert.deepEqual(await ask(store, one, commits), await ask(model, one, commits))
          }
        }
        assert.deepEqual(await store.scan(""), await model.scan(""))
        assert.equal(await store.barrier(), await model.barrier())
      } finally {
        await store.close()
      }
    }),
    { numRuns: runs },
  )
})

/** Fills the guards that are to be met. */
async function meet(model: Store, drafts: readonly Draft[]): Promise<Commit[]> {
  return Promise.all(
    drafts.map(async ({ when, ...rest }) => {
      const { entries } = await model.get(when.map((one) => one.key))
      const guards = when.map((one, index) => ({
        key: one.key,
        modRev: one.modRev ?? entries[index]?.modRev ?? 0,
      }))
      return { ...rest, when: guards }
    }),
  )
}

/** Commits of one step are handed over at once: SQLite joins them in a group, in their order. */
function ask(
  store: Store,
  one: Exclude<Step, "reopen">,
  commits: readonly Commit[],
): Promise<unknown> {
  if ("commits" in one) return Promise.all(commits.map((commit) => store.commit(commit)))
  if ("get" in one) return store.get(one.get)
  if ("scan" in one) return store.scan(one.scan, { after: one.after, limit: one.limit })
  if ("changes" in one) return store.changes(one.changes)
  return store.compact(one.compact)
}
