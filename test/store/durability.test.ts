/** What is acknowledged survives `kill -9` and power loss, exactly once. */

import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts"
import type { Rev, Store } from "../../src/store/store.ts"
import { acksBeforeSync, traceCommitter, whyNoTrace, writeDisk } from "./disk-trace.ts"
import type { DiskEvent, Fate } from "./disk-trace.ts"
import { freshFile, freshFolder } from "./folder.ts"

const committer = fileURLToPath(new URL("./committer.ts", import.meta.url))
const kills = process.env["KEYHOLD_LONG"] === "1" ? 1_000 : 10
const historyRevs = 1_000_000
/** Skipped, loudly, only where strace is missing; in CI never. */
const traced = { skip: whyNoTrace() }

test(`every acknowledged commit survives ${kills} times kill -9, exactly once`, async () => {
  const file = freshFile()
  const acks: string[] = []
  for (let boot = 0; boot < kills; boot++) {
    const fresh = await killedCommitter(file, `boot${boot}`, (boot * 37) % 61)
    assert.ok(fresh.length > 0, "the killed process had acknowledged something")
    acks.push(...fresh)
    const store = await openSqliteStore({ file, historyRevs })
    // Each boot's own at once, those of all boots at the end.
    if (boot < kills - 1) await assertKept(store, fresh, `boot${boot}-`)
    else await assertKept(store, acks, "boot")
    await store.close()
  }
})

test("the sync of its commit precedes every acknowledgement", traced, async () => {
  const serial = traceCommitter(freshFile(), "1", "30")
  assert.equal(linesOf(serial).length, 60)
  assert.deepEqual(acksBeforeSync(serial), [])

  const careless = traceCommitter(freshFile(), "1", "30", "careless")
  assert.equal(acksBeforeSync(careless).length, 60)
})

test("commits that arrive together share a sync", traced, () => {
  const events = traceCommitter(freshFile(), "64", "2")
  assert.equal(linesOf(events).length, 256)
  const syncs = events.filter((event) => event.kind === "sync" && event.file.endsWith("-wal"))
  assert.ok(syncs.length < 64, `${syncs.length} syncs for 256 commits`)
})

test("every acknowledged commit survives the loss of what was not synced", traced, async () => {
  const events = traceCommitter(freshFile(), "4", "10")
  assert.equal(linesOf(events).length, 80)
  const checkpointed = events.some(
    ({ kind }, n) =>
      kind === "ack" &&
      events
        .slice(0, n)
        .some((event) => event.kind === "write" && event.file === "store.db" && event.at > 0),
  )
  assert.ok(checkpointed, "the trace holds a checkpoint in the middle")
  for (const end of crashPoints(events, 8)) {
    for (const fate of Object.values(fates)) await assertSurvives(events.slice(0, end), fate)
  }
})

test("a store that does not sync is caught by the same simulation", traced, async () => {
  const events = traceCommitter(freshFile(), "1", "5", "careless")
  await assert.rejects(assertSurvives(events, fates.lost), assert.AssertionError)
})

const fates = {
  lost: () => "lost",
  kept: () => "kept",
  // Any fixed mixture will do: the power fails at many points, so each write meets each fate.
  mixed: (index) => (["kept", "lost", "torn", "lost", "kept"] as const)[(index * 7) % 5] ?? "lost",
  swapped: (index) => (["lost", "kept", "kept", "torn"] as const)[(index * 3) % 4] ?? "lost",
} satisfies Record<string, Fate>

/** Ends of prefixes of the trace: spread evenly, so before, amid and after groups. */
function crashPoints(events: readonly DiskEvent[], count: number): number[] {
  const first = events.findIndex(({ kind }) => kind === "ack") + 1
  const span = events.length - first
  return Array.from({ length: count }, (_, n) => first + Math.round((span * n) / (count - 1)))
}

async function assertSurvives(events: readonly DiskEvent[], fate: Fate): Promise<void> {
  const folder = join(freshFolder(), "disk")
  writeDisk(folder, events, fate)
  const store = await openSqliteStore({ file: join(folder, "store.db"), historyRevs })
  try {
    await assertKept(store, linesOf(events), "boot")
  } finally {
    await store.close()
  }
}

function linesOf(events: readonly DiskEvent[]): string[] {
  return events.flatMap((event) => (event.kind === "ack" ? [event.line.trimEnd()] : []))
}

/** Runs a committer of four lanes, kills it `delayMs` after its first answers; its whole lines. */
async function killedCommitter(file: string, boot: string, delayMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [committer, file, boot, "4"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let output = ""
  child.stdout.setEncoding("utf8")
  for await (const chunk of child.stdout) {
    if (output === "") void sleep(delayMs).then(() => child.kill("SIGKILL"))
    output += String(chunk)
  }
  return output.split("\n").slice(0, -1)
}

/** Each acknowledged commit is there, whole, at its revision; and nothing is there by halves. */
async function assertKept(store: Store, acks: readonly string[], boot: string): Promise<void> {
  const left = await revsUnder(store, "left/", boot)
  const right = await revsUnder(store, "right/", boot)
  assert.deepEqual([...left], [...right])
  assert.equal(new Set(left.values()).size, left.size, "no two commits share a revision")
  for (const ack of acks) {
    const [opId = "", rev] = ack.split(" ")
    assert.equal(left.get(opId), Number(rev), ack)
  }
  await assertReplays(store, acks)
}

/** A retry after the crash finds the first outcome. */
async function assertReplays(store: Store, acks: readonly string[]): Promise<void> {
  const replays = await Promise.all(
    acks.slice(-20).map(async (ack) => {
      const [opId = "", rev] = ack.split(" ")
      const outcome = await store.commit({ opId, when: [], then: [{ del: `left/${opId}` }] })
      return outcome.ok && outcome.replayed && outcome.rev === Number(rev)
    }),
  )
  assert.ok(replays.every(Boolean))
}

/** The revisions of entries that were written once, by operation id. */
async function revsUnder(store: Store, side: string, boot: string): Promise<Map<string, Rev>> {
  const found = new Map<string, Rev>()
  let after: string | undefined
  do {
    const page = await store.scan(side + boot, { after })
    for (const { key, createRev, modRev } of page.entries) {
      assert.equal(createRev, modRev)
      found.set(key.slice(side.length), createRev)
    }
    after = page.next
  } while (after !== undefined)
  return found
}
