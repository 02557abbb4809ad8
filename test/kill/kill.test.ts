import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"

import { restClient } from "../support/rest-client.ts"
import { checkAll, checkAudit, checkFresh, repeatLost } from "./check.ts"
import { Ledger } from "./ledger.ts"
import { seeded, Worker } from "./load.ts"
import { KillableNode } from "./node.ts"

const isLong = process.env["KEYHOLD_LONG"] === "1"
/** A start costs two seconds of CPU: the short run kills less often than `npm run test:long`. */
const kills = Number(process.env["KEYHOLD_KILLS"] ?? (isLong ? 1_000 : 15))
const seed = Number(process.env["KEYHOLD_SEED"] ?? 20_261_123)
const workers = 6
/** The load before a kill, at most; and how often the whole is looked at. */
const loadMsMax = 400
const auditEvery = 25
/** One start in four dies before it serves: recovery itself is killed too. */
const stillbornShare = 0.25
const startMsMax = 900

const data = await mkdtemp(join(tmpdir(), "keyhold-kill-"))
const node = new KillableNode(data)
after(async () => {
  await node.kill()
  await rm(data, { recursive: true })
})

const title = `${kills} kills under load lose nothing that was acknowledged (seed ${seed})`
test(title, { timeout: kills * 20_000 }, async (context) => {
  const ledger = new Ledger()
  const random = seeded(seed)
  const crowd = Array.from(
    { length: workers },
    (_, n) => new Worker(ledger, `w${n}`, seeded(seed + 1 + n)),
  )
  for (let round = 1; ; round++) {
    const dev = await node.start()
    const client = restClient(dev)
    await repeatLost(ledger, client)
    await checkFresh(ledger, client, dev.tokens)
    if (round % auditEvery === 0) await checkAudit(ledger, client, dev.tokens)
    if (node.kills >= kills) {
      await checkAll(ledger, client, dev.tokens)
      await checkAudit(ledger, client, dev.tokens)
      client.close()
      break
    }
    const work = Promise.all(crowd.map((worker) => worker.run(client, dev.tokens)))
    await new Promise((resolve) => setTimeout(resolve, 20 + random() * loadMsMax))
    await node.kill()
    await work
    client.close()
    if (random() < stillbornShare) await node.startAndKill(random() * startMsMax)
  }
  const { keys, principals, requests } = ledger
  context.diagnostic(`${requests.length} requests, ${keys.length} keys, ${principals.length} users`)
  assert.ok(keys.length > kills && requests.length > 5 * kills, "there was load")
})
