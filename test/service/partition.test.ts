import assert from "node:assert/strict"
import { test } from "node:test"

import { accountIdOf } from "../../src/codec/account-id.ts"
import { encodeId } from "../../src/codec/id-text.ts"
import { asUuidBytes } from "../../src/codec/uuid.ts"
import { clusterPartition } from "../../src/domain/ids.ts"
import { createPartition } from "../../src/service/partition.ts"
import { contextOf, memoryStack } from "../support/stack.ts"

test("a partition whose account number is taken is refused, and the next one is made", async () => {
  const { stack } = await memoryStack()
  const { ports } = stack
  const operator = contextOf("operator", clusterPartition)
  const drawn = new Uint8Array(16).fill(9)
  const random = {
    bytes: (count: number) => (count === 16 ? drawn.slice() : ports.random.bytes(count)),
  }
  const id = encodeId(asUuidBytes(drawn))
  const other = encodeId(new Uint8Array(16).fill(8))
  const claim = ports.records.claim(clusterPartition, "account", accountIdOf(id), other)
  await ports.records.commit(clusterPartition, { changes: [], claims: [claim] })
  const taken = createPartition({ ...ports, random }, operator, { name: "taken" })
  await assert.rejects(taken, { code: "CONFLICT" })
  const { partition } = await createPartition(ports, operator, { name: "taken" })
  const found = await ports.records.lookup(clusterPartition, "account", accountIdOf(partition.id))
  assert.equal(found, partition.id)
  await stack.stop()
  await stack.cluster.remove()
})
