/** Approvers by invitation: what is kept, who may, and one code on two nodes. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { clusterPartition } from "../../src/domain/ids.ts"
import { defaultFlags } from "../../src/domain/partition.ts"
import type { Grant } from "../../src/domain/principal.ts"
import { encodeRecord, paths } from "../../src/records/kinds.ts"
import {
  createApprover,
  deleteApprover,
  listApprovers,
  renewOneTimeCode,
  resolveApprovers,
} from "../../src/service/approvers.ts"
import type { Context } from "../../src/service/commands.ts"
import { onboardApprover } from "../../src/service/onboard-approver.ts"
import { updatePartition } from "../../src/service/partition.ts"
import { deletePrincipal, issueToken, updatePrincipal } from "../../src/service/principals.ts"
import { shellOf, type Shell } from "../support/shell-approvers.ts"
import { memoryStack, openCluster, type Stack } from "../support/stack.ts"

let shell: Shell
before(() => {
  shell = shellOf(["anna", "bo"])
})
after(() => shell.remove())

function requestOf(who: string, name: string): Uint8Array {
  return shell.openssl(
    "req",
    "-new",
    "-key",
    `${who}.key`,
    "-subj",
    `/CN=${name}`,
    "-outform",
    "DER",
  )
}

async function end(stack: Stack): Promise<void> {
  await stack.stop()
  await stack.cluster.remove()
}

const making = { algorithm: "RSA_2048", lifeMs: 1_000_000, password: "BckpPass123!" } as const

test("of one code on two nodes one key is bound", async () => {
  const { stack, as } = await memoryStack()
  const other = await openCluster(stack.cluster, { store: stack.store })
  for (let round = 0; round < 5; round++) {
    const name = `twin${round}`
    const { code } = await createApprover(stack.ports, as("officer"), { name })
    const tries = [stack, other].map(({ ports }, at) => {
      const request = requestOf(at === 0 ? "anna" : "bo", name)
      return onboardApprover(ports, as("approver"), { name, code, request })
    })
    const results = await Promise.allSettled(tries)
    const done = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
    const refused = results.flatMap((one) =>
      one.status === "rejected" ? [codeOf(one.reason)] : [],
    )
    assert.equal(done.length, 1)
    assert.deepEqual(refused, ["UNAUTHENTICATED"])
    const found = await resolveApprovers(other.ports, as("manager"), new Set([name]))
    const [key] = found.values()
    assert.ok(key?.kind === "public-key")
    assert.deepEqual(Buffer.from(key.publicKey), Buffer.from(done[0]?.key.publicKey ?? []))
    await deleteApprover(stack.ports, as("officer"), name)
  }
  await other.operational.forget()
  await end(stack)
})

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : error
}

test("an invitation that is put back into the store opens nothing", async () => {
  const { stack, partition, as } = await memoryStack()
  const { ports, store } = stack
  const { approver, code } = await createApprover(ports, as("officer"), { name: "anna" })
  const path = paths.record(partition, "principal", approver.id)
  const rowOf = async () => (await store.get([path])).entries[0] ?? assert.fail("no row")
  const invited = await rowOf()
  const onboard = (by: Stack, who: string) => {
    const command = { name: "anna", code, request: requestOf(who, "anna") }
    return onboardApprover(by.ports, as("approver"), command)
  }
  await onboard(stack, "anna")
  const used = await rowOf()
  for (const [row, refusal] of [
    [invited, "TAMPERED"],
    [used, "UNAUTHENTICATED"],
  ] as const) {
    await store.commit({ opId: refusal, when: [], then: [{ put: path, value: row.value }] })
    const again = await openCluster(stack.cluster, { store })
    await assert.rejects(onboard(again, "bo"), { code: refusal })
    await again.operational.forget()
  }
  await end(stack)
})

test("neither code nor password is in a record or in the log", async () => {
  const { stack, partition, as } = await memoryStack({ approverKeys: true })
  const { ports, audit } = stack
  const { approver, code } = await createApprover(ports, as("officer"), { name: "anna", making })
  assert.ok(code.length * 5 >= 128)
  const record = encodeRecord(approver).toString()
  const command = { name: "anna", code, transportPassword: "0123456789abcdef" }
  const { key } = await onboardApprover(ports, as("approver"), command)
  const stored = await ports.records.read("principal", partition, approver.id)
  assert.ok(stored !== undefined)
  assert.deepEqual(Object.keys(stored.approver ?? {}).toSorted(), ["key", "origin"])
  const told = JSON.stringify(audit.events)
  for (const text of [record, encodeRecord(stored).toString(), told]) {
    for (const secret of [code, making.password, command.transportPassword, "PRIVATE"]) {
      assert.ok(!text.includes(secret))
    }
  }
  const [done] = audit.of("approver.receive-key", "done")
  assert.deepEqual([done?.target, done?.note], [approver.id, "made"])
  await resolveApprovers(ports, as("manager"), new Set(["anna"]))
  assert.equal(audit.of("approver.create-with-key", "done").length, 1)
  assert.equal(audit.of("approver.resolve").length, 1)
  assert.equal(key.kind, "certificate")
  await end(stack)
})

test("a key that was promised is not made once the partition's officers forbid it", async () => {
  const { stack, as } = await memoryStack({ approverKeys: true })
  const { ports } = stack
  const { code } = await createApprover(ports, as("officer"), { name: "anna", making })
  await updatePartition(ports, as("officer"), { flags: { approverKeys: false } })
  const command = { name: "anna", code, transportPassword: "0123456789abcdef" }
  const handed = onboardApprover(ports, as("approver"), command)
  await assert.rejects(handed, { code: "OPERATION_FORBIDDEN", detail: { rule: "flag" } })
  const request = requestOf("anna", "anna")
  const { approver, file } = await onboardApprover(ports, as("approver"), { ...command, request })
  assert.deepEqual([approver.approver?.origin, file], ["brought", undefined])
  await end(stack)
})

test("whom a grant leaves approvers to governs nothing else", async () => {
  const { stack, as } = await memoryStack()
  const { ports } = stack
  const operations = [
    "approver.create",
    "approver.renew-code",
    "approver.list",
    "approver.delete",
  ] as const
  const grants: readonly Grant[] = [{ operations }]
  const { caller } = as("officer")
  const narrow: Context = { requestId: "narrow", caller: { ...caller, grants } }
  const { approver } = await createApprover(ports, narrow, { name: "anna" })
  await renewOneTimeCode(ports, narrow, "anna")
  assert.equal((await listApprovers(ports, narrow)).length, 1)
  const forbidden = { code: "OPERATION_FORBIDDEN" }
  const flags = { ...defaultFlags, approverKeys: true }
  await assert.rejects(updatePartition(ports, narrow, { flags }), forbidden)
  await assert.rejects(issueToken(ports, narrow, { principal: approver.id }), forbidden)
  await assert.rejects(createApprover(ports, narrow, { name: "bo", making }), forbidden)
  // An approver who was made an officer is out of his reach.
  const roles = ["approver", "officer"] as const
  await updatePrincipal(ports, as("officer"), { principal: approver.id, roles })
  await assert.rejects(deleteApprover(ports, narrow, "anna"), { code: "CONFLICT" })
  await end(stack)
})

test("who is disabled is named by no new rule, and his code onboards nobody", async () => {
  const { stack, as } = await memoryStack()
  const { ports } = stack
  const { approver, code } = await createApprover(ports, as("officer"), { name: "anna" })
  const state = (to: "active" | "disabled") =>
    updatePrincipal(ports, as("officer"), { principal: approver.id, state: to })
  const onboard = () =>
    onboardApprover(ports, as("approver"), {
      name: "anna",
      code,
      request: requestOf("anna", "anna"),
    })
  await state("disabled")
  await assert.rejects(onboard(), { code: "UNAUTHENTICATED" })
  const { refusals } = stack.operational.authenticator
  assert.deepEqual(refusals.takeSummary(), { count: 1, byReason: { "one-time-code": 1 } })
  await state("active")
  await onboard()
  const resolve = () => resolveApprovers(ports, as("manager"), new Set(["anna"]))
  assert.equal((await resolve()).size, 1)
  await state("disabled")
  await assert.rejects(resolve(), { code: "NOT_FOUND" })
  await end(stack)
})

test("while the clock is in doubt no code counts", async () => {
  const { stack, as } = await memoryStack()
  const { ports, clock } = stack
  const { code } = await createApprover(ports, as("officer"), { name: "anna" })
  const command = { name: "anna", code, request: requestOf("anna", "anna") }
  clock.sure = false
  await assert.rejects(onboardApprover(ports, as("approver"), command), { code: "CONFLICT" })
  clock.sure = true
  await onboardApprover(ports, as("approver"), command)
  await end(stack)
})

test("an approver deleted as a principal frees his name and his key", async () => {
  const { stack, as } = await memoryStack()
  const { ports } = stack
  for (let round = 0; round < 2; round++) {
    const { approver, code } = await createApprover(ports, as("officer"), { name: "anna" })
    const request = requestOf("anna", "anna")
    await onboardApprover(ports, as("approver"), { name: "anna", code, request })
    await deletePrincipal(ports, as("officer"), approver.id)
  }
  assert.deepEqual(await listApprovers(ports, as("officer")), [])
  await end(stack)
})

test("the cluster's own partition has no approvers", async () => {
  const { stack } = await memoryStack()
  const caller = {
    partition: clusterPartition,
    subject: "so",
    roles: ["cluster-officer"],
    grants: [],
    credential: "token",
    address: "127.0.0.1",
  } as const
  const made = createApprover(stack.ports, { caller, requestId: "r" }, { name: "anna" })
  await assert.rejects(made, { code: "OPERATION_FORBIDDEN" })
  await end(stack)
})
