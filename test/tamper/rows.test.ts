import assert from "node:assert/strict"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import { copyCluster, openCluster } from "../support/stack.ts"
import { Attacker } from "./attacker.ts"
import { cases, decryptOf, rollBackPartition, type Case } from "./cases.ts"
import { makeVictim, type Victim } from "./victim.ts"

let victim: Victim
before(async () => {
  victim = await makeVictim()
})
after(() => victim.remove())

/** Opens a tampered copy and tries; the code of what it met. */
async function meet({ attack, probe }: Case, withAnchor = true): Promise<Case["outcome"]> {
  const copy = await copyCluster(victim.cluster)
  try {
    const attacker = new Attacker({ now: copy.file, then: victim.earlier.file })
    attack(attacker, victim)
    attacker.close()
    if (!withAnchor) await rm(join(copy.folder, "anchor"))
    const stack = await openCluster(copy).catch((error: unknown) => {
      assert.ok(error instanceof HsmError && error.code === "TAMPERED", String(error))
    })
    if (stack === undefined) return "start: TAMPERED"
    try {
      return await probe(stack, victim).then(
        () => "done",
        (error: unknown) => {
          assert.ok(error instanceof HsmError, String(error))
          return error.code
        },
      )
    } finally {
      await stack.stop()
    }
  } finally {
    await copy.remove()
  }
}

for (const one of cases) {
  test(`${one.what}: ${one.outcome}`, async () => {
    assert.equal(await meet(one), one.outcome)
  })
}

test("without the anchor file one partition rolled back as a whole is not noticed", async () => {
  const whole = { what: "", attack: rollBackPartition, outcome: "done" } as const
  assert.equal(await meet({ ...whole, probe: decryptOf("gone") }, false), "done")
  assert.equal(
    await meet({ ...whole, attack: () => {}, probe: decryptOf("gone") }, false),
    "KEY_STATE",
  )
})

test("without the anchor file bucket tables and roots still refuse what does not fit", async () => {
  const fits = cases.filter(({ outcome, what }) => {
    return outcome === "start: TAMPERED" && what !== "a whole partition rolled back"
  })
  assert.ok(fits.length >= 10)
  for (const one of fits) {
    const met = await meet(one, false)
    const isClusters = one.what.startsWith("the cluster's")
    assert.equal(met, isClusters ? "start: TAMPERED" : "TAMPERED", one.what)
  }
})
