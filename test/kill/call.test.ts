/**
 * Approvals that a call brings are good for one result, also when the node dies at any moment
 * between their use and the answer: whoever tries again is told that they are used, or succeeds for
 * the first time.
 */

import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"

import type { DevFile } from "../../src/daemon/dev.ts"
import { approvedCall, guardedKey } from "../support/brought-calls.ts"
import { restClient, type Fields, type RestClient } from "../support/rest-client.ts"
import { seeded } from "./load.ts"
import { KillableNode } from "./node.ts"

const isLong = process.env["KEYHOLD_LONG"] === "1"
const kills = isLong ? 200 : 4
const seed = Number(process.env["KEYHOLD_SEED"] ?? 20_261_127)
const callsPerKill = 40
/** All of them take about that long. */
const deadAfterMsMax = 80

const data = await mkdtemp(join(tmpdir(), "keyhold-kill-call-"))
const node = new KillableNode(data)
after(async () => {
  await node.kill()
  await rm(data, { recursive: true })
})

/** Makes every call; what fails with the node has no answer. */
async function makeAll(
  client: RestClient,
  { tokens }: DevFile,
  calls: readonly Fields[],
): Promise<readonly (number | undefined)[]> {
  const made = calls.map(async (body) => {
    try {
      const sent = { token: tokens.user, body }
      return (await client.send("POST", "/api/v1/calls", sent)).status
    } catch {
      return undefined
    }
  })
  return await Promise.all(made)
}

test(`${kills} kills between use and answer: no approvals give two results`, async (context) => {
  const random = seeded(seed)
  const seen = { before: 0, after: 0, lost: 0 }
  let dev = await node.start()
  let client = restClient(dev)
  const key = await guardedKey(client, dev, "payments")
  for (let round = 0; round < kills; round++) {
    const calls = await Promise.all(
      Array.from({ length: callsPerKill }, () => approvedCall(client, dev, key)),
    )
    const first = makeAll(client, dev, calls)
    await new Promise((resolve) => setTimeout(resolve, random() * deadAfterMsMax))
    await node.kill()
    const before = await first
    client.close()
    dev = await node.start()
    client = restClient(dev)
    const again = await makeAll(client, dev, calls)
    const oncemore = await makeAll(client, dev, calls)
    for (const [at, status] of before.entries()) {
      const all = [status, again[at], oncemore[at]]
      const results = all.filter((one) => one === 200).length
      assert.ok(results <= 1, `${results} results of one set of approvals`)
      assert.ok(again[at] === 200 || again[at] === 409, `${String(again[at])} after a restart`)
      assert.equal(oncemore[at], 409)
      if (status === 200) seen.before++
      else if (again[at] === 200) seen.after++
      else seen.lost++
    }
  }
  client.close()
  context.diagnostic(`results: ${JSON.stringify(seen)}`)
  assert.ok(seen.after > 0, "the node died before some were used")
  assert.ok(seen.before + seen.lost > 0, "and after others were")
})
