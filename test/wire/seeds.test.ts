/** Seeds over the wire: used by path, within their allow-list, and never seen outside. */

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after, before, test } from "node:test"

import { Keyhold } from "@keyhold/sdk"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, type Answer, type Fields } from "../support/rest-client.ts"

const words =
  "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
const message = base64(Buffer.from("moved on chain"))
const account = "m/44'/60'/0'/0"

let node: DevNode
let count = 0

before(async () => {
  node = await startDevNode()
})
after(() => node.stop())

const send: DevNode["send"] = (...asked) => node.send(...asked)

/** A seed of the words that every wallet knows. */
async function wallet(more: Fields = {}, algorithm = "BIP32_SECP256K1"): Promise<string> {
  const name = `wallet-${count++}`
  const made = await send("manager", "POST", "keys/import", {
    name,
    algorithm,
    format: "mnemonic",
    material: base64(Buffer.from(words)),
    ...more,
  })
  assert.equal(made.status, 201, made.text)
  return name
}

async function refused(answer: Promise<Answer>, code: string, rest: Fields = {}): Promise<void> {
  const { status, text, ...other } = await answer
  assert.ok(status >= 400, text)
  const problem = fields({ status, text, ...other })
  assert.deepEqual({ code: problem["code"], ...pick(problem, rest) }, { code, ...rest }, text)
}

function pick(from: Fields, names: Fields): Fields {
  return Object.fromEntries(Object.keys(names).map((name) => [name, from[name]]))
}

test("a seed signs and verifies by path, and another path is another key", async () => {
  const name = await wallet()
  const path = `${account}/0`
  const signed = await send("user", "POST", `keys/${name}/sign`, { message, path })
  const { signature } = fields(signed)
  const check = async (at: string): Promise<unknown> =>
    fields(await send("user", "POST", `keys/${name}/verify`, { message, signature, path: at }))[
      "valid"
    ]
  assert.equal(await check(path), true)
  assert.equal(await check(path.replaceAll("'", "h")), true)
  assert.equal(await check(`${account}/1`), false)
  await refused(send("user", "POST", `keys/${name}/sign`, { message }), "MALFORMED_REQUEST", {
    field: "/path",
  })
  for (const bad of ["m/x", "44'/0", "m/0/*", "m/4294967296"]) {
    const body = { message, path: bad }
    await refused(send("user", "POST", `keys/${name}/sign`, body), "MALFORMED_REQUEST", {
      field: "/path",
    })
  }
})

test("paths outside the allow-list are refused by rule, whatever is asked", async () => {
  const name = await wallet({ paths: [`${account}/*`] })
  const inside = { path: `${account}/7` }
  for (const path of ["m", account, `${account}/7'`, `${account}/7/0`, "m/44'/60'/1'/0/7"]) {
    const rule = { rule: "path" }
    const uses = [
      send("user", "POST", `keys/${name}/sign`, { message, path }),
      send("user", "POST", `keys/${name}/verify`, { message, signature: message, path }),
      send("user", "POST", `keys/${name}/address`, { chain: "ETH", path }),
      send("user", "POST", `keys/${name}/derived-public`, { path }),
      send("manager", "POST", `keys/${name}/extended-public`, { path }),
      send("manager", "POST", `keys/${name}/child`, { path, name: "never" }),
    ]
    for (const use of uses) await refused(use, "OPERATION_FORBIDDEN", rule)
  }
  const allowed = await send("user", "POST", `keys/${name}/sign`, { message, ...inside })
  assert.equal(allowed.status, 200)
  await refused(send("manager", "GET", "keys/never"), "KEY_NOT_FOUND")
})

test("an allow-list becomes narrower, never wider", async () => {
  const name = await wallet({ paths: ["m/44'/**", "m/84'/0'/**"] })
  const update = (paths: readonly string[]): Promise<Answer> =>
    send("manager", "PATCH", `keys/${name}`, { paths })
  for (const wider of [["m/**"], ["m/44'/**", "m/49'/**"], ["m/84'/**"]]) {
    await refused(update(wider), "MALFORMED_REQUEST", { field: "/paths" })
  }
  assert.equal((await update([`${account}/*`])).status, 200)
  await refused(update(["m/44'/**"]), "MALFORMED_REQUEST", { field: "/paths" })
  assert.deepEqual(fields(await send("user", "GET", `keys/${name}`))["paths"], [`${account}/*`])
  const body = { message, path: "m/44'/1" }
  await refused(send("user", "POST", `keys/${name}/sign`, body), "OPERATION_FORBIDDEN")
})

test("a seed never leaves, does not rotate, and is no plain key", async () => {
  const name = await wallet()
  await send("officer", "PATCH", "partition", { flags: { plainExport: true } })
  await refused(send("manager", "POST", `keys/${name}/export`, {}), "OPERATION_FORBIDDEN")
  await refused(send("manager", "POST", `keys/${name}/rotate`), "OPERATION_FORBIDDEN")
  const template = { name: `no-${count++}`, algorithm: "SLIP10_ED25519" }
  const open = { ...template, extractable: true, sensitive: false }
  await refused(send("manager", "POST", "keys", open), "MALFORMED_REQUEST", {
    field: "/extractable",
  })
  const timed = { ...template, rotationPeriodSeconds: 86_400 }
  await refused(send("manager", "POST", "keys", timed), "MALFORMED_REQUEST")
  const odd = { ...template, algorithm: "AES_256", paths: ["m/**"] }
  await refused(send("manager", "POST", "keys", odd), "MALFORMED_REQUEST", { field: "/paths" })
  const bad = { ...template, paths: ["m/**/0"] }
  await refused(send("manager", "POST", "keys", bad), "MALFORMED_REQUEST", { field: "/paths" })
  assert.equal((await send("manager", "POST", "keys", template)).status, 201)
  assert.equal((await send("user", "GET", `keys/${name}/public`)).status, 403)
})

test("an extended public key is a manager's, and an address anyone's who uses keys", async () => {
  const name = await wallet()
  const body = { path: "m/84'/0'/0'" }
  await refused(send("user", "POST", `keys/${name}/extended-public`, body), "OPERATION_FORBIDDEN")
  const given = fields(await send("manager", "POST", `keys/${name}/extended-public`, body))
  // What BIP 84 publishes as zpub, with BIP 32's head.
  const xpub = [
    "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPE",
    "bvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V",
  ].join("")
  assert.equal(given["extendedPublicKey"], xpub)
  const asked = { chain: "ETH", path: `${account}/0` }
  const { address } = fields(await send("user", "POST", `keys/${name}/address`, asked))
  assert.equal(address, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94")
})

test("a child is a key of its own, signs without its seed, and says where it is from", async () => {
  const name = await wallet()
  const path = `${account}/3`
  const child = `child-${count++}`
  const body = { path, name: child, tags: { customer: "3" } }
  const made = fields(await send("manager", "POST", `keys/${name}/child`, body))
  const seed = fields(await send("manager", "GET", `keys/${name}`))
  assert.deepEqual(made["derivedFrom"], { key: seed["id"], version: 1, path })
  assert.deepEqual(
    [made["algorithm"], made["extractable"], made["neverExtractable"]],
    ["EC_SECP256K1", false, false],
  )
  await send("manager", "POST", `keys/${name}/disable`)
  const asked = { message, deterministic: true }
  const own = fields(await send("user", "POST", `keys/${child}/sign`, asked))
  await send("manager", "POST", `keys/${name}/enable`)
  const derived = fields(await send("user", "POST", `keys/${name}/sign`, { ...asked, path }))
  assert.equal(own["signature"], derived["signature"])
  await refused(send("manager", "POST", `keys/${child}/child`, body), "OPERATION_FORBIDDEN")
  await refused(send("manager", "POST", `keys/${name}/child`, body), "NAME_TAKEN")
})

test("the log names the path, and no word of the seed", async () => {
  const name = await wallet({ passphrase: "correct horse" }, "SLIP10_ED25519")
  const path = "m/44'/501'/77'"
  await send("user", "POST", `keys/${name}/sign`, { message, path })
  const log = await send("auditor", "GET", "audit/records?act=key.sign")
  const { items } = JSON.parse(log.text) as { items: { path?: string }[] }
  assert.equal(items.at(-1)?.path, path)
  const all = await send("auditor", "GET", "audit/records?limit=1000")
  assert.doesNotMatch(all.text, /abandon|horse/)
})

test("the SDK asks for addresses, public keys and children", async () => {
  const { url, caFile } = node.dev
  const kh = new Keyhold({ url, ca: readFileSync(caFile, "utf8"), token: node.token("manager") })
  const name = await wallet({}, "BIP32_ED25519_CARDANO")
  const path = "m/1852'/1815'/0'/0/0"
  const { address } = await kh.keys.address(name, { chain: "ADA", path, network: "testnet" })
  assert.match(address, /^addr_test1q/)
  assert.match((await kh.keys.derivePublic(name, path)).pem, /^-----BEGIN PUBLIC KEY-----/)
  assert.match(await kh.keys.extendedPublic(name, { path: "m/1852'/1815'/0'" }), /^acct_xvk1/)
  await assert.rejects(kh.keys.deriveChild(name, { path, name: `no-${count++}` }), {
    code: "OPERATION_FORBIDDEN",
  })
  const coins = await wallet()
  const options = { idempotencyKey: "once" }
  const request = { path: `${account}/1`, name: `child-${count++}` }
  const child = await kh.keys.deriveChild(coins, request, options)
  assert.deepEqual(await kh.keys.deriveChild(coins, request, options), child)
  kh.close()
})
