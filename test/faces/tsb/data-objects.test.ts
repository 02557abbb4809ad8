/** Data objects in the TSB dialect, and the log. */

import assert from "node:assert/strict"
import { after, before, mock, test } from "node:test"

import { limits } from "../../../src/domain/limits.ts"
import { b64, tsbFace, type As, type Body, type TsbFace } from "../../support/tsb-face.ts"

let on: TsbFace
before(async () => {
  on = await tsbFace()
})
after(() => on.stop())

const keep = (name: string, more: Body = {}, as?: As) =>
  on.send("POST /dataObject", { name, value: b64("what it says"), ...more }, as)
const shut: As = { roles: ["auditor"] }

test("an object is kept with 201, read as it was, and deleted", async () => {
  assert.equal((await keep("config-1")).status, 201)
  assert.deepEqual(await on.ok("GET /dataObject/config-1"), {
    name: "config-1",
    value: b64("what it says"),
    attributes: { private: true, modifiable: true, destroyable: true },
  })
  const { keyStoreStatistics } = await on.ok("GET /keystore/statistics")
  assert.match(String(keyStoreStatistics), /data objects 1,/)
  await on.ok("DELETE /dataObject/config-1")
  assert.equal(await on.fault("GET /dataObject/config-1"), "404 653")
  assert.equal(await on.fault("DELETE /dataObject/config-1"), "404 653")
  assert.equal((await keep("config-1")).status, 201, "the name is free again")
})

test("a name is one object's", async () => {
  await keep("once")
  assert.equal(await on.fault("POST /dataObject", { name: "once", value: "" }), "409 615")
  const both = await Promise.all([keep("race"), keep("race", { value: b64("other") })])
  assert.deepEqual(
    both.map(({ status }) => status).toSorted((one, other) => one - other),
    [201, 409],
  )
})

test("what is no name, no base64, or too long is refused", async () => {
  const value = b64("x")
  for (const [body, fault] of [
    [{ value }, "400 600"],
    [{ name: "no value" }, "400 600"],
    [{ name: "a/b", value }, "400 600"],
    [{ name: "n".repeat(129), value }, "400 600"],
    [{ name: "bad", value: "a" }, "400 600"],
    [{ name: "large", value: b64(Buffer.alloc(limits.dataObjectBytesMax + 1)) }, "413 612"],
  ] as const) {
    assert.equal(await on.fault("POST /dataObject", body), fault, JSON.stringify(body).slice(0, 80))
  }
  const most = b64(Buffer.alloc(limits.dataObjectBytesMax, 7))
  await on.ok("POST /dataObject", { name: "most", value: most })
  assert.equal((await on.ok("GET /dataObject/most"))["value"], most)
})

test("private objects are for those who use or keep keys, others for every role", async () => {
  await keep("mine")
  await keep("open", { attributes: { private: false } })
  assert.equal(await on.fault("GET /dataObject/mine", undefined, shut), "403 400")
  await on.ok("GET /dataObject/mine", undefined, { roles: ["user"] })
  await on.ok("GET /dataObject/open", undefined, shut)
  for (const roles of [["user"], ["auditor"], ["officer"]] as const) {
    assert.equal(
      await on.fault("POST /dataObject", { name: "theirs", value: "" }, { roles }),
      "403 400",
    )
    assert.equal(await on.fault("DELETE /dataObject/mine", undefined, { roles }), "403 400")
  }
})

test("another partition's object is not there", async () => {
  await keep("secret")
  const there: As = { partition: on.other }
  assert.equal(await on.fault("GET /dataObject/secret", undefined, there), "404 653")
  assert.equal(await on.fault("DELETE /dataObject/secret", undefined, there), "404 653")
  assert.equal((await keep("secret", { value: b64("own") }, there)).status, 201)
  assert.equal((await on.ok("GET /dataObject/secret"))["value"], b64("what it says"))
})

test("what is not destroyable stays", async () => {
  await keep("fixed", { attributes: { destroyable: false } })
  assert.equal(await on.fault("DELETE /dataObject/fixed"), "403 614")
  await on.ok("GET /dataObject/fixed")
})

test("the log names an object by its id, and never says what it holds", async () => {
  await keep("named-by-a-caller", { value: b64("nobody logs this") })
  const [event] = on.stack.audit.of("data-object.create", "done").slice(-1)
  assert.match(String(event?.target), /^[0-9a-z]{26}$/)
  const said = JSON.stringify(on.stack.audit.of("data-object.create", "done"))
  assert.doesNotMatch(said, /named-by-a-caller|nobody logs this/)
})

function numbered(at: number): Body {
  return { name: `object-${at}`, value: "" }
}

test("a partition keeps so many and no more, and reads none of them to know", async () => {
  const few = await tsbFace()
  const last = limits.dataObjectsMax - 1
  for (let at = 0; at < last; at++) await few.ok("POST /dataObject", numbered(at))
  const scan = mock.method(few.stack.store, "scan")
  await few.ok("POST /dataObject", numbered(last))
  const keys: string[] = []
  for (const { result } of scan.mock.calls) {
    keys.push(...((await result)?.entries ?? []).map(({ key }) => key))
  }
  scan.mock.restore()
  assert.equal(keys.length, last)
  assert.ok(keys.every((key) => key.includes("/x/data-object-name/")))
  assert.equal(await few.fault("POST /dataObject", numbered(limits.dataObjectsMax)), "403 450")
  await few.ok("DELETE /dataObject/object-0")
  await few.ok("POST /dataObject", numbered(limits.dataObjectsMax))
  await few.stop()
})
