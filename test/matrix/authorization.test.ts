/**
 * Every operation of the API, for every caller, on his own objects, on those of another partition
 * and on those that do not exist; in partitions that are blocked and read-only; and in a sealed
 * node.
 */

import assert from "node:assert/strict"
import { after, before, suite, test } from "node:test"

import { fields, restClient, type Answer, type RestClient } from "../support/rest-client.ts"
import { callers, rowIds, rowOf, rows, type CallerName, type Role, type Row } from "./expected.ts"
import type { RowId } from "./expected.ts"
import { endpoints, operationOf, requests, wire } from "./requests.ts"
import {
  absentObjects,
  freshObjects,
  makeWorld,
  type Objects,
  type Place,
  type World,
} from "./world.ts"

type Relation = "own" | "foreign" | "absent"

/** One request and what is to come of it. */
interface Case {
  readonly id: RowId
  readonly caller: CallerName
  readonly place: Place
  readonly objects: Objects
  readonly expected: Outcome
}

interface Outcome {
  readonly status: number
  readonly code?: string
  readonly rule?: string
}

const unauthenticated = { status: 401, code: "UNAUTHENTICATED" }
const sealed = { status: 503, code: "SEALED" }
const denied = (rule: string): Outcome => ({ status: 403, code: "OPERATION_FORBIDDEN", rule })
const noRole = denied("role")

let world: World
/** Every failure is counted by address: a fresh one now and then keeps the count low. */
let strangers: RestClient[] = []
let asked = 0

suite("authorization matrix", () => {
  before(async () => {
    world = await makeWorld()
    const url = world.node.dev.url.replace("localhost", "127.0.0.1")
    strangers = Array.from({ length: 30 }, (_, index) =>
      restClient({ ...world.node.dev, url }, { localAddress: `127.0.1.${index + 1}` }),
    )
  })
  after(async () => {
    for (const client of strangers) client.close()
    await world.node.stop()
  })

  test("the table has a row for every operation of the API, and no other", () => {
    const inTable = [...new Set(rowIds.map(operationOf))]
    assert.deepEqual(inTable.toSorted(), endpoints.map(({ id }) => id).toSorted())
    assert.deepEqual(Object.keys(requests).toSorted(), Object.keys(rows).toSorted())
  })

  for (const id of rowIds) {
    test(`${id} answers every caller as the table says`, async () => {
      for (const caller of callers) await checkCaller(id, caller)
    })
  }

  test("a blocked partition refuses all but looking and what stops harm", async () => {
    for (const id of rowIds) {
      for (const caller of ["user", "manager", "auditor", "officer"] as const) {
        await checkState(id, caller, { place: world.blocked, rule: "partition-active" })
      }
    }
  })

  test("a read-only partition refuses what changes it, but for what stops harm", async () => {
    for (const id of rowIds) {
      for (const caller of ["user", "manager", "auditor", "officer"] as const) {
        await checkState(id, caller, { place: world.readOnly, rule: "read-only" })
      }
    }
  })

  test("a sealed node answers what needs no key, and refuses all else alike", async () => {
    const { gate } = world.node.running.node
    await gate.seal()
    for (const id of rowIds) {
      const expected = rowOf(id).may === "world" ? { status: rowOf(id).sealed ?? 0 } : sealed
      for (const caller of callers) {
        const place = placeOf(caller)
        await check({ id, caller, place, objects: place.objects, expected })
      }
    }
    await gate.start()
    await checkCaller("whoami", "user")
  })

  test("the matrix is as large as it should be", () => {
    assert.ok(asked > 1_900, `only ${asked} requests`)
  })
})

/** All relations of one operation and one caller, in an operational node. */
async function checkCaller(id: RowId, caller: CallerName): Promise<void> {
  const row = rowOf(id)
  const place = placeOf(caller)
  const expected = expectation(row, caller, "own")
  const spent = expected.status === row.ok ? row.spends : undefined
  const objects = spent === undefined ? place.objects : await freshObjects(world, place, spent)
  await check({ id, caller, place, objects, expected })
  await repair(id, expected)
  if (row.hidden === undefined) return
  const foreign = world.other.objects
  const absent = absentObjects(foreign)
  const answers = []
  for (const [relation, named] of [
    ["foreign", foreign],
    ["absent", absent],
  ] as const) {
    const one = { id, caller, place, objects: named, expected: expectation(row, caller, relation) }
    answers.push(await check(one))
  }
  if (row.reach === "cluster" && answers[0]?.status === row.ok) return
  assert.deepEqual(...pair(answers.map(comparable)), `${id} by ${caller}: foreign and absent`)
}

function expectation({ may, ok, hidden, reach }: Row, caller: CallerName, of: Relation): Outcome {
  if (may === "world") return { status: ok }
  if (caller === "nobody" || caller === "revoked") return unauthenticated
  const permitted = may.includes(caller) ? { status: ok } : noRole
  if (hidden === undefined) return permitted
  const { status, code, from } = hidden
  // No key lies in the cluster's own partition: to its principals, all keys are foreign.
  if (code !== "NOT_FOUND" && isOperator(caller)) return { status, code }
  if (of === "own" || (of === "foreign" && reach === "cluster")) return permitted
  return from === "permitted" && permitted === noRole ? noRole : { status, code }
}

/** One operation of one caller on his own objects, in a partition that refuses by `rule`. */
async function checkState(
  id: RowId,
  caller: Exclude<Role, "operator" | "cluster-officer">,
  { place, rule }: { readonly place: Place; readonly rule: "partition-active" | "read-only" },
): Promise<void> {
  const row = rowOf(id)
  const permitted = row.may === "world" || row.may.includes(caller)
  const works = rule === "read-only" ? row.readOnly !== "refused" : row.blocked === "works"
  const success = permitted && (works || row.may === "world")
  const spent = success ? row.spends : undefined
  const objects = spent === undefined ? place.objects : await freshObjects(world, place, spent)
  const { status, code } = noRole
  const refused = permitted ? denied(rule) : { status, ...(code === undefined ? {} : { code }) }
  const expected = success ? { status: row.ok } : refused
  await check({ id, caller, place, objects, expected })
  await repair(id, expected, place)
}

async function check({ id, caller, place, objects, expected }: Case): Promise<Answer> {
  const role = isOperator(caller) ? "operator" : "user"
  const { method, path, body } = wire(
    id,
    requests[id]({ objects, mine: place.objects, role, caller }),
  )
  const answer = await clientOf(caller).send(method, path, { token: tokenOf(caller, place), body })
  asked += 1
  const said = `${id} by ${caller}: ${answer.status} ${answer.text.slice(0, 300)}`
  assert.equal(answer.status, expected.status, said)
  if (expected.code === undefined) return answer
  assert.equal(answer.headers["content-type"], "application/problem+json", said)
  const problem = fields(answer)
  assert.equal(problem["code"], expected.code, said)
  if (expected.rule !== undefined) assert.equal(problem["rule"], expected.rule, said)
  return answer
}

/** Undoes what would stand in the way of the cases that follow. */
async function repair(id: RowId, { status }: Outcome, place = world.own): Promise<void> {
  const { client, running } = world.node
  if (id === "seal" && status === 204) await running.node.gate.start()
  const { officer } = place.tokens
  const isBlocked = place === world.blocked
  if (id === "blockPartition" && status === 200 && !isBlocked) {
    await client.call(officer, "POST /partition/unblock")
  }
  if (id === "unblockPartition" && status === 200 && isBlocked) {
    await client.call(officer, "POST /partition/block")
  }
}

function isOperator(caller: CallerName): boolean {
  return caller === "operator" || caller === "cluster-officer"
}

function placeOf(caller: CallerName): Place {
  return isOperator(caller) ? world.cluster : world.own
}

function tokenOf(caller: CallerName, { tokens }: Place): string | undefined {
  if (caller === "nobody") return undefined
  return caller === "revoked" ? world.revokedToken : tokens[caller]
}

/** Who fails comes from addresses of his own, a few dozen times from each. */
function clientOf(caller: CallerName): RestClient {
  if (caller !== "nobody" && caller !== "revoked") return world.node.client
  const client = strangers[Math.floor(asked / 100) % strangers.length]
  assert.ok(client !== undefined)
  return client
}

/** All of an answer that may not differ. */
function comparable({ status, headers, text }: Answer): unknown {
  const { date: _date, "x-request-id": requestId, ...rest } = headers
  return { status, rest, text: text.replaceAll(String(requestId), "") }
}

function pair(two: readonly unknown[]): readonly [unknown, unknown] {
  return [two[0], two[1]]
}
