/** Files in the TSB dialect, as its documentation shows it: with curl's forms. */

import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { promisify } from "node:util"

import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { curl } from "../support/shell-approvers.ts"

const execute = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), "keyhold-files-"))
const at = (name: string) => join(folder, name)
let node: DevNode
before(async () => {
  node = await startDevNode()
  const { tsb, caFile } = node.dev
  const attributes = { decrypt: true, sign: false, unwrap: false, derive: true, destroyable: true }
  const key = { label: "files", algorithm: "EC", curveOid: "1.3.132.0.34", attributes }
  const made = await curl(caFile, ["POST", `${tsb.url}/key`], { token: tsb.bearer, body: key })
  assert.equal(made.status, 201)
})
after(async () => {
  rmSync(folder, { recursive: true })
  await node.stop()
})

/** Sends a form and keeps what comes; answers its status. */
async function send(
  path: string,
  part: string,
  json: object,
  [from, to]: readonly [string, string],
): Promise<string> {
  const { tsb, caFile } = node.dev
  const { stdout } = await execute("curl", [
    "--silent",
    "--show-error",
    "--cacert",
    caFile,
    "--url",
    `${tsb.url}${path}`,
    "--header",
    "accept: application/octet-stream",
    "--header",
    `Authorization: Bearer ${tsb.bearer}`,
    "--form",
    `${part}=${JSON.stringify(json)}`,
    "--form",
    `file=@${at(from)}`,
    "--output",
    at(to),
    "--write-out",
    "%{http_code}",
  ])
  return stdout
}

const seal = (from: string, to: string) =>
  send(
    "/fileEncrypt",
    "SignedFileEncryptRequestDto",
    { fileEncryptRequest: { encryptKeyName: "files" } },
    [from, to],
  )
const open = (from: string, to: string) =>
  send(
    "/synchronousFileDecrypt",
    "SignedFileDecryptRequestDto",
    { fileDecryptRequest: { decryptKeyName: "files" } },
    [from, to],
  )

test("a file of megabytes goes out and comes back", async () => {
  const content = randomBytes(3_000_000)
  writeFileSync(at("plain"), content)
  assert.equal(await seal("plain", "sealed"), "200")
  const sealed = readFileSync(at("sealed"))
  assert.equal(sealed.subarray(0, 3).toString(), "KHF")
  assert.ok(!sealed.includes(content.subarray(0, 64)))
  assert.equal(await open("sealed", "opened"), "200")
  assert.deepEqual(readFileSync(at("opened")), content)
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1
  writeFileSync(at("flipped"), sealed)
  assert.equal(await open("flipped", "fault"), "400")
  assert.match(readFileSync(at("fault"), "utf8"), /"errorCode":410/)
})

test("a file that is too large is refused in words", async () => {
  writeFileSync(at("large"), Buffer.alloc(5_000_000))
  assert.equal(await seal("large", "fault"), "413")
  assert.match(readFileSync(at("fault"), "utf8"), /"errorCode":612/)
})
