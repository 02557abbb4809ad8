/** Keys in the TSB dialect: made, shown, listed, imported, exported, deleted. */

import assert from "node:assert/strict"
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto"
import { after, before, test } from "node:test"

import { newApprover } from "../../support/approvers.ts"
import {
  b64,
  bytesOf,
  p256,
  signs,
  tsbFace,
  type Body,
  type TsbFace,
} from "../../support/tsb-face.ts"

let on: TsbFace
let count = 0
before(async () => {
  on = await tsbFace({ keyImport: true, plainExport: true })
})
after(() => on.stop())

const freshName = () => `key-${count++}`

async function made(body: Body = {}): Promise<Body> {
  return await on.ok("POST /key", { label: freshName(), attributes: signs, ...p256, ...body })
}

const jsonOf = (answer: Body) => answer["json"] as Body
const labelOf = (answer: Body) => String(jsonOf(answer)["label"])

test("a key is made with 201, and shown with what clients fail without", async () => {
  const { status, body } = await on.send("POST /key", {
    label: "pay-01",
    password: null,
    id: null,
    ...p256,
    keySize: null,
    addressFormat: { format: "BTC" },
    attributes: signs,
    policy: null,
    nobodyKnowsThis: 1,
  })
  assert.equal(status, 201)
  const { xml, xmlSignature, attestationKeyName } = body
  const json = jsonOf(body)
  assert.equal(json["id"], null)
  assert.equal(json["label"], "pay-01")
  assert.equal(json["algorithm"], "EC")
  assert.equal(json["algorithmOid"], "1.2.840.10045.2.1")
  assert.equal(json["curveOid"], p256.curveOid)
  assert.equal(json["policy"], null)
  const { sign, decrypt, neverExtractable } = json["attributes"] as Body
  assert.deepEqual([sign, decrypt, neverExtractable], [true, false, true])
  const spki = bytesOf(json["publicKey"])
  assert.equal(createPublicKey({ key: spki, format: "der", type: "spki" }).type, "public")
  assert.ok([xml, xmlSignature, attestationKeyName].every((one) => typeof one === "string"))
})

test("what is shown of a key is signed by the key that the answer names", async () => {
  const { xml, xmlSignature, attestationKeyName: label } = await made()
  const shown = await on.ok("POST /key/attributes", { label })
  const key = createPublicKey({
    key: bytesOf(jsonOf(shown)["publicKey"]),
    format: "der",
    type: "spki",
  })
  const text = String(xml)
  assert.ok(text.includes("<algorithm>EC</algorithm>"))
  assert.ok(verify("sha256", Buffer.from(text), key, bytesOf(xmlSignature)))
  const altered = Buffer.from(text.replace("<sign>true", "<sign>false"))
  assert.equal(verify("sha256", altered, key, bytesOf(xmlSignature)), false)
})

test("a key with rules is shown with them, in JSON and in XML", async () => {
  const anna = newApprover("Anna & <Bo>")
  const approvals = [{ type: "public_key", name: anna.name, value: b64(anna.publicKey) }]
  const rule = (quorum: number) => ({
    tokens: [
      { name: "day", timelock: 60, timeout: 600, groups: [{ name: "fin", quorum, approvals }] },
    ],
  })
  const policy = {
    ruleUse: rule(1),
    ruleBlock: null,
    ruleUnblock: { tokens: [] },
    ruleModify: rule(1),
    keyStatus: { blocked: false },
  }
  const answer = await made({ policy, attributes: { ...signs, extractable: true } })
  assert.deepEqual(jsonOf(answer)["policy"], policy)
  const { extractable } = jsonOf(answer)["attributes"] as Body
  assert.equal(extractable, false, "a key with rules never leaves")
  const xml = String(answer["xml"])
  assert.ok(xml.includes('name="Anna &amp; &lt;Bo&gt;"'))
  assert.ok(xml.includes("<rule_unblock></rule_unblock>") && !xml.includes("rule_block"))
  assert.equal(await on.fault("POST /key/export/plain", { label: labelOf(answer) }), "403 614")
  assert.equal(await on.fault("POST /key", badPolicy({ timelock: 90 })), "400 600")
  assert.equal(await on.fault("POST /key", badPolicy({ groups: null })), "400 600")

  function badPolicy(change: Body): Body {
    const [token] = rule(1).tokens
    const ruleUse = { tokens: [{ ...token, ...change }] }
    return { label: "bad", ...p256, attributes: signs, policy: { ruleUse } }
  }
})

const algorithms: readonly (readonly [Body, Body])[] = [
  [{ algorithm: "EC", curveOid: "1.3.132.0.10" }, { curveOid: "1.3.132.0.10" }],
  [{ algorithm: "ED" }, { algorithmOid: "1.3.101.112" }],
  [{ algorithm: "RSA", keySize: 2048 }, { keySize: 2048 }],
  [{ algorithm: "ML-DSA-65" }, { algorithm: "ML-DSA-65" }],
  [{ algorithm: "LMS" }, { algorithm: "HSS-LMS" }],
]
for (const [asked, shown] of algorithms) {
  test(`a key of ${Object.values(asked).join(" ")} is shown as what was asked for`, async () => {
    const json = jsonOf(
      await on.ok("POST /key", { label: freshName(), attributes: signs, ...asked }),
    )
    const { algorithm } = { ...asked, ...shown }
    assert.deepEqual({ ...json, ...shown, algorithm }, json)
  })
}

test("an AES key serves what its attributes say, and has no public half", async () => {
  const attributes = { ...signs, sign: false, decrypt: true, encrypt: true }
  const answer = await on.ok("POST /key", {
    label: freshName(),
    algorithm: "AES",
    keySize: 256,
    attributes,
  })
  assert.equal(jsonOf(answer)["publicKey"], null)
  assert.ok(String(answer["xml"]).includes("<secret_key"))
})

const refused: readonly (readonly [string, Body, string])[] = [
  ["an unknown algorithm", { algorithm: "ROT13" }, "400 613"],
  ["an unknown curve", { algorithm: "EC", curveOid: "1.2.3" }, "400 603"],
  ["no curve", { algorithm: "EC", curveOid: null }, "400 603"],
  ["no use that the algorithm serves", { attributes: { ...signs, sign: false } }, "400 606"],
  ["a label that is no name", { label: "a b" }, "400 600"],
  ["a label that is no text", { label: 7 }, "400 600"],
  ["no label", { label: null }, "400 600"],
  ["a password", { password: ["s", "e", "c"] }, "400 620"],
  ["a password as a text", { password: "sec" }, "400 620"],
]
for (const [what, change, fault] of refused) {
  test(`a key with ${what} is refused`, async () => {
    const body = { label: freshName(), attributes: signs, ...p256, ...change }
    assert.equal(await on.fault("POST /key", body), fault)
  })
}

test("a name is given once, and keys are listed by it", async () => {
  const label = labelOf(await made())
  assert.equal(await on.fault("POST /key", { label, attributes: signs, ...p256 }), "409 608")
  const { body: names } = await on.send("GET /key")
  assert.ok(Array.isArray(names) && names.includes(label))
})

test("a deleted key is gone, and its attributes are not found", async () => {
  for (const remove of [
    (label: string) => on.send("POST /key/deleteKey", { label, password: null }),
    (label: string) => on.send(`DELETE /key/${label}`),
  ]) {
    const label = labelOf(await made())
    assert.equal((await on.send("GET /key/{}/attributes".replace("{}", label))).status, 200)
    const { status } = await remove(label)
    assert.equal(status, 200)
    assert.equal(await on.fault("POST /key/attributes", { label }), "404 650")
    assert.ok(!JSON.stringify(await on.ok("GET /key")).includes(label))
  }
  assert.equal(await on.fault("DELETE /key/nothing"), "404 650")
})

test("another partition's key does not exist", async () => {
  const label = labelOf(await made())
  const as = { partition: on.other }
  assert.equal(await on.fault("POST /key/attributes", { label }, as), "404 650")
  assert.equal(await on.fault(`DELETE /key/${label}`, undefined, as), "404 650")
})

test("keys come in and go out in the clear where the partition lets them", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
  const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64")
  const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64")
  const attributes = { ...signs, extractable: true, sensitive: false }
  const label = freshName()
  const body = { label, ...p256, privateKey: pkcs8, publicKey: spki, attributes }
  const answer = await on.ok("POST /key/import/plain", body)
  assert.equal(jsonOf(answer)["publicKey"], spki)
  const out = await on.ok("POST /key/export/plain", { label })
  assert.deepEqual(out, { privateKey: pkcs8, publicKey: spki, secretKey: null })
  const secretKey = b64(new Uint8Array(32).fill(7))
  const aes = { algorithm: "AES", keySize: 256, attributes: { ...attributes, decrypt: true } }
  await on.ok("POST /key/import/plain", { label: freshName(), ...aes, secretKey })
  const nothing = { label: freshName(), ...p256, attributes }
  assert.equal(await on.fault("POST /key/import/plain", nothing), "400 600")
  assert.equal(
    await on.fault("POST /key/export/plain", { label: labelOf(await made()) }),
    "403 614",
  )
})

test("a key that has children is a seed, and labels lead to them", async () => {
  const attributes = { ...signs, derive: true, bip32: true, slip10: true }
  const label = freshName()
  const asked = { algorithm: "EC", curveOid: "1.3.132.0.10", label, attributes }
  const root = jsonOf(await on.ok("POST /key", asked))
  assert.deepEqual(root["derivedAttributes"], { derivationType: "SLIP-10", derivationValue: null })
  const child = jsonOf(await on.ok("POST /key/attributes", { label: `${label}/44'/0'/0'/0/1` }))
  assert.equal(child["label"], `${label}/44'/0'/0'/0/1`)
  assert.notEqual(child["publicKey"], root["publicKey"])
  assert.equal(await on.fault("POST /key/attributes", { label: `${label}/x` }), "400 600")
  const plain = labelOf(await made())
  assert.equal(await on.fault("POST /key/attributes", { label: `${plain}/0'` }), "400 600")
})

test("addresses are for keys with rules alone: twenty bytes", async () => {
  const key = { algorithm: "EC", curveOid: "1.3.132.0.10", attributes: signs }
  const plain = labelOf(await on.ok("POST /key", { ...key, label: freshName() }))
  assert.equal(await on.fault("POST /key/address", { label: plain }), "400 630")
  const label = freshName()
  await on.ok("POST /key", { ...key, label, policy: { ruleUse: null } })
  const { address } = await on.ok("POST /key/address", { label })
  assert.equal(bytesOf(address).length, 20)
  assert.deepEqual(await on.ok(`GET /key/${label}/address`), { address })
})
