/** Files in the TSB dialect: encrypted to a key, and opened with it. */

import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { after, before, test } from "node:test"

import { rotateKey } from "../../../src/service/rotate-key.ts"
import { contextOf } from "../../support/stack.ts"
import { flipBit } from "../../support/flip-bit.ts"
import { newApprover } from "../../support/approvers.ts"
import {
  b64,
  p256,
  signs,
  tsbFace,
  type As,
  type Body,
  type TsbFace,
} from "../../support/tsb-face.ts"

let on: TsbFace
let count = 0
before(async () => {
  on = await tsbFace({ keyImport: true })
})
after(() => on.stop())

const p384 = { algorithm: "EC", curveOid: "1.3.132.0.34" }
const derives = {
  decrypt: true,
  verify: false,
  sign: false,
  wrap: false,
  unwrap: false,
  derive: true,
  destroyable: true,
}

async function made(body: Body = {}, as?: As): Promise<string> {
  const label = `file-key-${count++}`
  await on.ok("POST /key", { label, ...p384, attributes: derives, policy: null, ...body }, as)
  return label
}

interface Form {
  readonly part: string
  readonly json: unknown
  readonly file?: Uint8Array
  readonly name?: string
}

async function send(route: string, { part, json, file, name = "a.txt" }: Form, as: As = {}) {
  const form = new FormData()
  form.set(part, typeof json === "string" ? json : JSON.stringify(json))
  if (file !== undefined) form.set("file", new File([Buffer.from(file)], name))
  const whole = new Response(form)
  const headers = { "content-type": whole.headers.get("content-type") ?? "", "x-api-key": "a" }
  return await on.send(route, new Uint8Array(await whole.arrayBuffer()), { headers, ...as })
}

const seal = (key: string, file: Uint8Array, as?: As) =>
  send(
    "POST /fileEncrypt",
    {
      part: "SignedFileEncryptRequestDto",
      json: { fileEncryptRequest: { encryptKeyName: key } },
      file,
    },
    as,
  )
const open = (key: string, file: Uint8Array, as?: As, more: Body = {}) =>
  send(
    "POST /synchronousFileDecrypt",
    {
      part: "SignedFileDecryptRequestDto",
      json: { fileDecryptRequest: { decryptKeyName: key, ...more } },
      file,
    },
    as,
  )

async function sealed(key: string, file: Uint8Array): Promise<Buffer> {
  const { status, body } = await seal(key, file)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body["type"], "application/octet-stream")
  return Buffer.from(body["file"] as Uint8Array) // The face answers bytes.
}

async function fault(reply: Promise<{ status: number; body: Body }>): Promise<string> {
  const { status, body } = await reply
  return `${status} ${String(body["errorCode"])}`
}

test("a file opens as it was, on every curve, and is never sealed alike twice", async () => {
  for (const curveOid of ["1.3.132.0.34", "1.2.840.10045.3.1.7", "1.3.132.0.35"]) {
    const key = await made({ curveOid })
    for (const file of [new Uint8Array(0), Buffer.from("text"), randomBytes(300_000)]) {
      const [one, other] = [await sealed(key, file), await sealed(key, file)]
      assert.notDeepEqual(one, other)
      const { status, body } = await open(key, one)
      assert.equal(status, 200)
      assert.deepEqual(Buffer.from(body["file"] as Uint8Array), Buffer.from(file))
    }
  }
})

test("whatever is wrong with a file, it does not open, and nothing says why", async () => {
  const [key, other] = [await made(), await made()]
  const file = await sealed(key, Buffer.from("text"))
  const wrong = [
    new Uint8Array(0),
    Buffer.from("no such file"),
    file.subarray(0, 40),
    file.subarray(0, -1),
    Buffer.concat([file, Buffer.of(0)]),
    ...Array.from({ length: file.length }, (_, at) => flipBit(file, at)),
  ]
  const answers = new Set<string>()
  for (const one of wrong) {
    const { status, body } = await open(key, one)
    answers.add(JSON.stringify([status, body]))
  }
  const foreign = await open(other, file)
  answers.add(JSON.stringify([foreign.status, foreign.body]))
  assert.equal(answers.size, 1, [...answers].join("\n"))
  assert.match([...answers].join(""), /410/)
  assert.equal((await open(key, file)).status, 200)
})

test("a file of before a rotation opens, and a new one is of the new version", async () => {
  const key = await made()
  const old = await sealed(key, Buffer.from("old"))
  await rotateKey(on.stack.ports, contextOf("manager", on.partition), { key })
  const young = await sealed(key, Buffer.from("young"))
  assert.deepEqual([old[23], young[23]], [1, 2])
  assert.equal((await open(key, old)).status, 200)
  assert.equal((await open(key, young)).status, 200)
})

test("only those open files who may use the key, and of their own partition", async () => {
  const key = await made()
  const file = await sealed(key, Buffer.from("text"))
  assert.equal(await fault(open(key, file, { roles: ["manager"] })), "403 400")
  assert.equal(await fault(open(key, file, { partition: on.other })), "404 650")
  assert.equal(await fault(seal(key, file, { partition: on.other })), "404 650")
  const there = await made({}, { partition: on.other })
  assert.equal(await fault(open(there, file, { partition: on.other })), "400 410")
})

test("a key that asks for approvals opens nothing without them", async () => {
  const { publicKey: spki } = newApprover("anna")
  const approvals = [{ type: "public_key", name: "anna", value: b64(spki) }]
  const tokens = [
    { name: "t", timelock: 0, timeout: 0, groups: [{ name: "g", quorum: 1, approvals }] },
  ]
  const policy = { ruleUse: { tokens }, ruleBlock: null, ruleUnblock: null, ruleModify: null }
  const key = await made({ policy })
  const file = await sealed(key, Buffer.from("text"))
  assert.equal(await fault(open(key, file)), "403 401")
  const signedApprovals = [b64("whatever")]
  assert.equal(await fault(open(key, file, {}, { signedApprovals })), "501 611")
})

test("keys that do not derive, or on no curve, have no files", async () => {
  const signing = await made({ ...p256, attributes: signs })
  assert.equal(await fault(seal(signing, Buffer.from("x"))), "400 607")
  const rsa = await made({
    algorithm: "RSA",
    keySize: 2048,
    curveOid: null,
    attributes: { ...signs, decrypt: true, sign: false },
  })
  assert.equal(await fault(seal(rsa, Buffer.from("x"))), "400 607")
  assert.equal(await fault(seal("nobody", Buffer.from("x"))), "404 650")
})

test("what is no form, or another, is refused", async () => {
  const key = await made()
  const json = { fileEncryptRequest: { encryptKeyName: key } }
  const part = "SignedFileEncryptRequestDto"
  const file = Buffer.from("x")
  for (const form of [
    { part, json },
    { part: "Other", json, file },
    { part, json: "{", file },
    { part, json: {}, file },
    { part, json: { fileEncryptRequest: { encryptKeyName: 7 } }, file },
  ]) {
    const { status } = await send("POST /fileEncrypt", form)
    assert.equal(status, 400, JSON.stringify(form))
  }
  assert.equal(await fault(on.send("POST /fileEncrypt", json)), "400 600")
  const headers = { "content-type": "multipart/form-data; boundary=x", "x-api-key": "a" }
  assert.equal(await fault(on.send("POST /fileEncrypt", "--y", { headers })), "400 600")
})

test("a file's own name is used again only where it is plain", async () => {
  const key = await made()
  for (const name of ['a".txt', "../a", "a\r\nset-cookie: b"]) {
    const { status, body } = await send("POST /fileEncrypt", {
      part: "SignedFileEncryptRequestDto",
      json: { fileEncryptRequest: { encryptKeyName: key } },
      file: Buffer.from("x"),
      name,
    })
    assert.equal(status, 200, JSON.stringify(body))
  }
})
