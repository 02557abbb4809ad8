import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import { chooseToken, findConnection } from "@keyhold/sdk"

const tokens = { user: "U", manager: "M", auditor: "A", officer: "O", operator: "P" }
const { stringify } = JSON

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "keyhold-sdk-"))
  context.after(() => rmSync(path, { recursive: true }))
  return path
}

function developmentIn(path: string): string {
  mkdirSync(path, { recursive: true })
  writeFileSync(join(path, "ca.pem"), "PEM")
  const caFile = join(path, "ca.pem")
  writeFileSync(join(path, "dev.json"), stringify({ url: "https://127.0.0.1:1", caFile, tokens }))
  return path
}

test("each call of a development HSM gets the token of the first role that may make it", () => {
  assert.equal(chooseToken(tokens, ["encrypt"]), "U")
  assert.equal(chooseToken(tokens, ["createKey"]), "M")
  assert.equal(chooseToken(tokens, ["exportAudit"]), "A")
  assert.equal(chooseToken(tokens, ["createPrincipal"]), "O")
  assert.equal(chooseToken(tokens, ["createPartition"]), "P")
  assert.equal(chooseToken(tokens, ["version"]), undefined)
  assert.equal(chooseToken(tokens, ["encrypt", "decrypt"]), "U")
  assert.equal(chooseToken(tokens, ["createKey", "deleteKey"]), "M")
  assert.equal(chooseToken(tokens, ["createKey", "encrypt"]), "M")
  assert.equal(chooseToken({ officer: "O" }, ["encrypt"]), undefined)
})

test("the folder that KEYHOLD_DATA names is read", (t) => {
  const data = developmentIn(folder(t))
  const { url, ca, token } = findConnection({}, { KEYHOLD_DATA: data })
  assert.deepEqual([url, ca], ["https://127.0.0.1:1", "PEM"])
  assert.ok(typeof token === "function")
  assert.equal(token(["encrypt"]), "U")
  assert.equal(findConnection({}, { KEYHOLD_DATA: data }, "officer").token, "O")
  assert.throws(() => findConnection({}, { KEYHOLD_DATA: data }, "cluster-officer"), {
    code: "CONFIGURATION",
  })
})

test(".keyhold is found here and in the folders above", (t) => {
  const root = folder(t)
  developmentIn(join(root, ".keyhold"))
  const below = join(root, "a/b")
  mkdirSync(below, { recursive: true })
  const home = process.cwd()
  t.after(() => process.chdir(home))
  for (const path of [root, below]) {
    process.chdir(path)
    assert.equal(findConnection({}, {}).url, "https://127.0.0.1:1")
  }
  process.chdir(folder(t))
  assert.throws(() => findConnection({}, {}), { code: "CONFIGURATION" })
})

test("KEYHOLD_URL wins over a development HSM, and what is given wins over both", (t) => {
  const path = folder(t)
  const file = (name: string) => {
    writeFileSync(join(path, name), `${name}\n`)
    return join(path, name)
  }
  const variables = {
    KEYHOLD_DATA: developmentIn(path),
    KEYHOLD_URL: "https://hsm",
    KEYHOLD_TOKEN: "T",
    KEYHOLD_CA_FILE: file("ca"),
  }
  assert.deepEqual(findConnection({}, variables), {
    url: "https://hsm",
    token: "T",
    ca: "ca\n",
    clientCertificate: undefined,
  })
  const given = {
    url: "https://other",
    tokenFile: file("token"),
    clientCertFile: file("cert"),
    clientKeyFile: file("key"),
  }
  assert.deepEqual(findConnection(given, variables), {
    url: "https://other",
    token: "token",
    ca: "ca\n",
    clientCertificate: { cert: "cert\n", key: "key\n" },
  })
  const half = { clientCertFile: given.clientCertFile }
  assert.throws(() => findConnection(half, variables), { code: "CONFIGURATION" })
  const missing = { caFile: join(path, "missing") }
  assert.throws(() => findConnection(missing, variables), { code: "CONFIGURATION" })
})

test("a dev.json that is something else is refused by its path", (t) => {
  const path = folder(t)
  for (const text of ["", "null", "[]", "{}", stringify({ url: 1, caFile: "", tokens })]) {
    writeFileSync(join(path, "dev.json"), text)
    assert.throws(() => findConnection({}, { KEYHOLD_DATA: path }), /dev\.json/)
  }
})
