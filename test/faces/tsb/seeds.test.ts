/** Seeds and their children in the TSB dialect. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { newApprover } from "../../support/approvers.ts"
import { ruleOf } from "../../support/tsb-approver.ts"
import { b64, bytesOf, signs, tsbFace, type Body, type TsbFace } from "../../support/tsb-face.ts"

let on: TsbFace
let count = 0
before(async () => {
  on = await tsbFace({ keyImport: true })
})
after(() => on.stop())

const secp256k1 = "1.3.132.0.10"
const ed25519 = "1.3.101.112"
/** BIP 32, test vector 1. */
const seed = Uint8Array.fromHex("000102030405060708090a0b0c0d0e0f")
const derives = { ...signs, derive: true, bip32: true }

async function imported(body: Body = {}): Promise<string> {
  const label = `seed-${count++}`
  const all = { label, seed: b64(seed), curveOid: secp256k1, attributes: derives, ...body }
  await on.ok("POST /importedKey", { ...all, addressFormat: null })
  return label
}

async function publicKeyOf(label: string): Promise<string> {
  const { json } = await on.ok("POST /key/attributes", { label })
  return String((json as Body)["publicKey"])
}

/** x of a pair, hex. */
async function pointOf(label: string): Promise<string> {
  return bytesOf(await publicKeyOf(label))
    .toString("hex")
    .slice(-128, -64)
}

test("an imported seed is that of the standard's own vectors", async () => {
  const label = await imported()
  // BIP 32, vector 1: chain m and m/0'.
  assert.equal(
    await pointOf(label),
    "39a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c2",
  )
  assert.equal(
    await pointOf(`${label}/0'`),
    "5a784662a4a20a65bf6aab9ae98a6c068a81c52e4b032c0fb5400c706cfccc56",
  )
  assert.notEqual(await pointOf(`${label}/0`), await pointOf(`${label}/0'`))
})

test("a seed of Ed25519 follows SLIP-10", async () => {
  const attributes = { ...signs, derive: true, slip10: true }
  const label = await imported({ curveOid: ed25519, attributes })
  // SLIP-10, vector 1 for ed25519: chain m.
  const known = "a4b2856bfec510abab89753fac1ac0e1112364e7d250545963f135f2a33188ed"
  assert.ok(
    bytesOf(await publicKeyOf(label))
      .toString("hex")
      .endsWith(known),
  )
})

test("what is no seed, or of no curve that has children, is refused", async () => {
  const ask = { label: "bad", seed: b64(seed), curveOid: secp256k1, attributes: derives }
  const fault = async (change: Body) => await on.fault("POST /importedKey", { ...ask, ...change })
  assert.equal(await fault({ seed: b64(new Uint8Array(3)) }), "400 600")
  assert.equal(await fault({ seed: "no" }), "400 600")
  assert.equal(await fault({ curveOid: "1.3.132.0.35" }), "400 603")
  assert.equal(await fault({ attributes: { ...derives, extractable: true } }), "400 600")
  assert.equal(await fault({ label: await imported() }), "409 608")
  assert.equal(await on.fault("POST /importedKey", ask, { roles: ["user"] }), "403 400")
})

test("a child that is kept is the pair that its path leads to, and lives on", async () => {
  const master = await imported()
  const derivationPath = "44'/60'/0'/0/7"
  const asked = { masterKeyLabel: master, derivationPath, attributes: signs }
  const { status, body } = await on.send("POST /derivedKey", asked)
  assert.equal(status, 201)
  const json = body["json"] as Body
  const label = String(json["label"])
  assert.equal(label, `${master}:44h:60h:0h:0:7`)
  assert.equal(json["publicKey"], await publicKeyOf(`${master}/${derivationPath}`))
  const other = { ...asked, derivationPath: "44'/60'/0'/0/8", label: "eight" }
  const { json: eight } = await on.ok("POST /derivedKey", other)
  assert.notEqual((eight as Body)["publicKey"], json["publicKey"])
  assert.equal(await on.fault("POST /derivedKey", asked), "409 608")
  await on.ok("POST /key/deleteKey", { label: master })
  const signRequest = {
    payload: b64("a"),
    signKeyName: label,
    signatureAlgorithm: "SHA256_WITH_ECDSA",
  }
  await on.ok("POST /synchronousSign", { signRequest })
})

test("a child has the rules of its seed, and asks whom they name", async () => {
  const anna = newApprover("Anna")
  const policy = { ruleUse: null, ruleModify: ruleOf(1, [anna]), ruleBlock: null }
  const master = await imported({ policy })
  const { json } = await on.ok("POST /derivedKey", { masterKeyLabel: master, derivationPath: "1" })
  const { json: above } = await on.ok("POST /key/attributes", { label: master })
  assert.deepEqual((json as Body)["policy"], (above as Body)["policy"])
  const ruled = await imported({ policy: { ruleUse: ruleOf(1, [anna]) } })
  const asked = { masterKeyLabel: ruled, derivationPath: "1" }
  assert.equal(await on.fault("POST /derivedKey", asked), "403 401", "persisting is a use")
  await on.ok("POST /synchronousBlock", { blockRequest: { blockKeyName: master } })
  const blocked = { masterKeyLabel: master, derivationPath: "2" }
  assert.equal(await on.fault("POST /derivedKey", blocked), "403 614")
})

test("a child is refused where there can be none, and to whom it is not", async () => {
  const masterKeyLabel = await imported()
  const asked = { masterKeyLabel, derivationPath: "1", attributes: signs }
  const fault = async (change: Body) => await on.fault("POST /derivedKey", { ...asked, ...change })
  assert.equal(await fault({ derivationPath: "x" }), "400 600")
  assert.equal(await fault({ derivationPath: "" }), "400 600")
  assert.equal(await fault({ masterKeyLabel: "nobody" }), "404 650")
  assert.equal(await fault({ masterKeyLabel: `${masterKeyLabel}/1` }), "400 600")
  assert.equal(await fault({ masterKeyPassword: ["a"] }), "400 620")
  assert.equal(await fault({ attributes: { ...signs, extractable: true } }), "400 606")
  const label = `key-${count++}`
  await on.ok("POST /key", { label, algorithm: "EC", curveOid: secp256k1, attributes: signs })
  assert.equal(await fault({ masterKeyLabel: label }), "403 614")
  const user = { roles: ["user"] } as const
  assert.equal(await on.fault("POST /derivedKey", asked, user), "403 400")
  const there = { partition: on.other }
  const nobody = { ...asked, masterKeyLabel: "nobody" }
  const alike = await on.send("POST /derivedKey", nobody, there)
  assert.deepEqual(await on.send("POST /derivedKey", asked, there), alike)
})
