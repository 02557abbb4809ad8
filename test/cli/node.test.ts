/** The command line against a real development node: the README's first screen, and more. */

import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { run, type Ran, type RunOptions } from "./fixture.ts"

const folder = mkdtempSync(join(tmpdir(), "keyhold-cli-node-"))
const path = (name: string): string => join(folder, name)
let node: DevNode

before(async () => {
  node = await startDevNode()
  writeFileSync(path("dev.json"), JSON.stringify(node.dev))
})
after(async () => {
  await node.stop()
  rmSync(folder, { recursive: true })
})

/** Runs a command line that succeeds. */
async function keyhold(line: string, options: RunOptions = {}): Promise<Ran> {
  const ran = await run(line.split(" "), { ...options, variables: { KEYHOLD_DATA: folder } })
  assert.equal(ran.code, 0, `${line}: ${ran.stderr}`)
  return ran
}

/** Runs a command line that is refused with this exit code. */
async function refused(line: string, code: number, options: RunOptions = {}): Promise<string> {
  const ran = await run(line.split(" "), { ...options, variables: { KEYHOLD_DATA: folder } })
  assert.equal(ran.code, code, `${line}: ${ran.text}`)
  return ran.stderr
}

/** The JSON that a command line answers with; its reader knows its shape. */
async function json<T>(line: string): Promise<T> {
  return JSON.parse((await keyhold(`${line} --json`)).text) as T
}

test("an officer invites an approver, and the code goes to standard output alone", async () => {
  const code = (await keyhold("approver create anna@example.com --as officer")).stdout.toString()
  assert.match(code, /^[0-9a-z]{32}\n$/)
  await refused("approver create anna@example.com --as officer", 1)
  await refused("approver create eve --as manager", 1)
  const again = (await keyhold("approver renew-code anna@example.com --as officer")).stdout
  assert.notEqual(again.toString(), code)
  const listed = (await keyhold("approver list --as officer")).text
  assert.match(listed, /anna@example\.com/)
  assert.ok(!listed.includes(code.trim()) && !listed.includes(again.toString().trim()))
  await keyhold("approver delete anna@example.com --as officer")
  await refused("approver delete anna@example.com --as officer", 1)
})

test("a file gets a timestamp that OpenSSL verifies, for that file alone", async () => {
  writeFileSync(path("contract.pdf"), randomBytes(700_000))
  writeFileSync(path("other.pdf"), "other")
  await keyhold("key create tsa --algorithm EC_P256")
  const own = "certificate self-sign tsa --subject CN=tsa --purpose timeStamping"
  writeFileSync(path("tsa.pem"), (await keyhold(own)).text)
  await refused(`timestamp create --key tsa ${path("contract.pdf")}`, 1)
  await keyhold(`certificate add tsa ${path("tsa.pem")}`)
  const response = path("contract.pdf.tsr")
  const verifies = (name: string): boolean => {
    const trusted = ["-CAfile", path("tsa.pem")]
    const of = ["-in", response, "-data", path(name)]
    return spawnSync("openssl", ["ts", "-verify", ...of, ...trusted]).status === 0
  }
  for (const more of ["", " --hash SHA3_512"]) {
    const made = await keyhold(`timestamp create --key tsa ${path("contract.pdf")}${more}`)
    writeFileSync(response, made.stdout)
    assert.ok(verifies("contract.pdf"), more)
    assert.ok(!verifies("other.pdf"), more)
  }
  await refused("timestamp open builds --key nothing", 1)
  const opened = await keyhold("timestamp open builds --key tsa --address 127.0.0.0/8")
  const address = opened.text.trim()
  assert.ok(address.startsWith(`${node.dev.url}/tsp/tsa/kh1_`), address)
  assert.ok(!opened.stderr.includes("kh1_"))
  const shown = await keyhold("principal list --json --as officer")
  assert.ok(shown.text.includes("key.timestamp"))
  const stderr = await refused(`timestamp create --key tsa --policy 1.2.3 ${response}`, 1)
  assert.match(stderr, /the policy of timestamps here is 2\.25\./)
})

test("the first screen of the README works", async () => {
  const report = randomBytes(1_000_000)
  writeFileSync(path("report.pdf"), report)
  await keyhold("key create orders --algorithm AES_256")
  const sealed = await keyhold(`encrypt --key orders ${path("report.pdf")}`)
  writeFileSync(path("report.pdf.kh"), sealed.stdout)
  assert.ok(!sealed.stdout.includes(report.subarray(0, 64)))
  assert.deepEqual((await keyhold(`decrypt ${path("report.pdf.kh")}`)).stdout, report)
  await keyhold("key create release --algorithm EC_P256")
  const signature = (await keyhold(`sign --key release ${path("report.pdf")}`)).stdout
  writeFileSync(path("report.sig"), signature)
  writeFileSync(path("release.pem"), (await keyhold("key public release")).text)
  const openssl = (file: string) =>
    spawnSync(
      "openssl",
      [
        ..."dgst -sha256 -verify".split(" "),
        path("release.pem"),
        "-signature",
        path("report.sig"),
        path(file),
      ],
      { encoding: "utf8" },
    ).stdout.trim()
  assert.equal(openssl("report.pdf"), "Verified OK")
  assert.equal(openssl("report.pdf.kh"), "Verification failure")
  assert.match((await keyhold("audit verify")).text, /^The log verifies: complete up to /)
})

test("a changed or cut-off export of the log does not verify", async () => {
  await keyhold("key list")
  await keyhold(`audit export --output ${path("log")}`)
  await keyhold(`audit verify ${path("log")}`)
  const log = readFileSync(path("log"), "utf8")
  const body = log.indexOf('"act":"')
  writeFileSync(path("log"), `${log.slice(0, body + 7)}X${log.slice(body + 8)}`)
  await refused(`audit verify ${path("log")}`, 3)
  writeFileSync(path("log"), log.split("\n").slice(0, -2).join("\n"))
  await refused(`audit verify ${path("log")}`, 3)
})

test("a key's life: tags, versions, disabling, deletion, receipt", async () => {
  await keyhold("key create life --algorithm AES_256 --tag a=b --description first")
  await keyhold("key update life --tag c=d --rotate-every 90d")
  const old = await keyhold("encrypt --key life --base64", { stdin: "old" })
  const key = await json<{ id: string; currentVersion: number; tags: object }>("key rotate life")
  assert.deepEqual([key.currentVersion, key.tags], [2, { c: "d" }])
  assert.equal((await keyhold("decrypt --base64", { stdin: old.text })).text, "old")
  await keyhold("key disable life")
  assert.match(await refused("decrypt --base64", 1, { stdin: old.text }), /KEY_STATE/)
  await keyhold("key enable life")
  await keyhold("key delete life --window 7d")
  assert.match(await refused("encrypt --key life --raw", 1, { stdin: "x" }), /KEY_STATE/)
  await keyhold("key cancel-deletion life")
  assert.equal((await keyhold("decrypt --base64", { stdin: old.text })).text, "old")
  await keyhold("key delete life")
  await keyhold("key purge life")
  await keyhold("shred")
  assert.match((await keyhold(`key receipt ${key.id}`)).text, /shredded +\d{4}/)
})

test("MACs and signatures are verified, and another message is told by exit code 3", async () => {
  await keyhold("key create tags --algorithm HMAC_SHA_256")
  await keyhold("key create seals --algorithm ED25519")
  await keyhold(`mac --key tags -o ${path("mac")}`, { stdin: "message" })
  await keyhold(`verify-mac --key tags --mac ${path("mac")}`, { stdin: "message" })
  await refused(`verify-mac --key tags --mac ${path("mac")}`, 3, { stdin: "massage" })
  await keyhold(`sign --key seals -o ${path("sig")}`, { stdin: "message" })
  await keyhold(`verify --key seals --signature ${path("sig")}`, { stdin: "message" })
  await refused(`verify --key seals --signature ${path("sig")}`, 3, { stdin: "massage" })
})

test("parameters of signatures are options, and nonsense is a usage error", async () => {
  await keyhold("key create coins --algorithm EC_SECP256K1")
  const digest = Buffer.alloc(32, 7)
  const taproot = "--key coins --mechanism BIP340_SCHNORR --merkle-root="
  await keyhold(`sign ${taproot} --deterministic -o ${path("one")}`, { stdin: digest })
  await keyhold(`sign ${taproot} --deterministic -o ${path("two")}`, { stdin: digest })
  assert.deepEqual(readFileSync(path("one")), readFileSync(path("two")))
  await keyhold(`verify ${taproot} --signature ${path("one")}`, { stdin: digest })
  const root = `--merkle-root=${"00".repeat(32)} --key coins --mechanism BIP340_SCHNORR`
  await refused(`verify ${root} --signature ${path("one")}`, 3, { stdin: digest })
  const eth = "--key coins --mechanism ECDSA_KECCAK_256 --encoding recoverable"
  await keyhold(`sign ${eth} --digest -o ${path("eth")}`, { stdin: digest })
  assert.equal(readFileSync(path("eth")).length, 65)
  await keyhold(`verify ${eth} --digest --signature ${path("eth")}`, { stdin: digest })
  await refused("sign --key coins --digest --mu", 2, { stdin: digest })
  await refused("sign --key coins --merkle-root=0", 2, { stdin: digest })
})

test("keys enter and leave only where the partition allows it", async () => {
  const material = Buffer.alloc(16, 7)
  const load = "key import legacy --algorithm AES_128 --format raw --extractable --not-sensitive"
  await keyhold("partition set --flag keyImport=off --flag plainExport=off")
  assert.match(await refused(load, 1, { stdin: material }), /OPERATION_FORBIDDEN/)
  await keyhold("partition set --flag keyImport=on --flag plainExport=on")
  await keyhold(load, { stdin: material })
  assert.deepEqual((await keyhold("key export legacy")).stdout, material)
  await keyhold("partition set --flag keyImport=off --flag plainExport=off")
  assert.match(await refused("key export legacy", 1), /OPERATION_FORBIDDEN/)
})

test("keys are wrapped, unwrapped and derived from each other", async () => {
  await keyhold("partition set --flag keyImport=on --flag wrappedExport=on")
  await keyhold("key create transport --algorithm AES_256 --usage wrap --usage unwrap")
  await keyhold("key trust transport --as officer")
  await keyhold("key create travels --algorithm HMAC_SHA_256 --extractable")
  const wrapped = (await keyhold("key export travels --wrapping-key transport")).stdout
  const arrived = await keyhold("key unwrap transport arrived --algorithm HMAC_SHA_256", {
    stdin: wrapped,
  })
  assert.match(arrived.text, /versions +1 unwrapped/)
  const once = "--algorithm AES_256 --usage unwrap --unwraps HMAC_SHA_256 --once-within 1h"
  const shown = await keyhold(`key create once ${once}`)
  assert.match(shown.text, /unwraps once, within +3600 s of its creation/)
  const mac = async (key: string) => (await keyhold(`mac --key ${key}`, { stdin: "x" })).stdout
  assert.deepEqual(await mac("arrived"), await mac("travels"))
  await keyhold("key create root --algorithm GENERIC_SECRET")
  const derive = "key derive root customer-7 --algorithm AES_256 --info customer-7 --salt 00ff"
  assert.match((await keyhold(derive)).text, /derived from +\w{26} HKDF_SHA_256/)
  assert.match(await refused(`${derive} --label x`, 1), /MALFORMED_REQUEST/)
  await keyhold("partition set --flag keyImport=off --flag wrappedExport=off")
})

test("a key store comes as the file that AWS's console takes, and is switched off", async () => {
  const made = await keyhold("key-store create s3-keys --via-service s3 --as officer")
  const file = JSON.parse(made.text) as {
    readonly XksProxyUriPath: string
    readonly XksProxyAuthenticationCredential: Readonly<Record<string, string>>
  }
  const [, id] = /^\/xks\/(\w{26})\/kms\/xks\/v1$/.exec(file.XksProxyUriPath) ?? []
  const { AccessKeyId, RawSecretAccessKey } = file.XksProxyAuthenticationCredential
  assert.match(AccessKeyId ?? "", /^[A-Z2-7]{30}$/)
  assert.match(RawSecretAccessKey ?? "", /^[A-Za-z0-9/+=]{43,64}$/)
  const shown = await keyhold(`principal show ${id} --as officer`)
  assert.match(shown.text, /key store for +viaServices s3/)
  const off = await keyhold(`key-store update ${id} --nothing --as officer`)
  assert.match(off.text, /key store for +operations none/)
  assert.match(await refused(`key-store update ${id} --as officer`, 2), /USAGE/)
  const next = await keyhold(`key-store access-key ${id} --as officer`)
  assert.match(next.text, /RawSecretAccessKey/)
})

test("principals come with a token, are narrowed, and lose it at once", async () => {
  await keyhold("key create shop-1 --algorithm AES_256")
  await keyhold("key create other --algorithm AES_256")
  const made = await json<{
    principal: { id: string; credentials: { id: string }[] }
    token: string
  }>("principal create shop --role user --key-names shop-* --life 1h")
  writeFileSync(path("token"), made.token)
  writeFileSync(path("ca"), readFileSync(node.dev.caFile))
  const as = `--url ${node.dev.url} --ca-file ${path("ca")} --token-file ${path("token")}`
  const encrypt = (key: string) => `encrypt --raw --key ${key} ${as}`
  await keyhold(encrypt("shop-1"), { stdin: "x" })
  assert.match(await refused(encrypt("other"), 1, { stdin: "x" }), /OPERATION_FORBIDDEN/)
  assert.match((await keyhold("principal list")).text, /shop +user +active/)
  const [credential] = made.principal.credentials
  await keyhold(`principal revoke ${made.principal.id} ${credential?.id}`)
  assert.match(await refused(encrypt("shop-1"), 1, { stdin: "x" }), /UNAUTHENTICATED/)
  await keyhold(`principal delete ${made.principal.id}`)
})

test("the rest answers: partitions, issuers, batch, random, explain, whoami, status", async () => {
  const { partition } = await json<{ partition: { id: string } }>("partitions create second")
  await keyhold(`partitions quota ${partition.id} --rate 10`)
  assert.match((await keyhold(`partitions show ${partition.id}`)).text, /operations\/s +10/)
  assert.match((await keyhold("partitions list")).text, /second/)
  writeFileSync(
    path("jwks"),
    JSON.stringify({
      keys: [
        { kty: "OKP", crv: "Ed25519", x: Buffer.alloc(32, 9).toString("base64url"), kid: "1" },
      ],
    }),
  )
  const issuer = await json<{ id: string }>(
    "issuer create https://id.example --audience keyhold " +
      `--role-claim groups --role ops=manager --jwks ${path("jwks")}`,
  )
  assert.match((await keyhold("issuer list")).text, /id\.example/)
  await keyhold(`issuer delete ${issuer.id}`)
  const stdin = JSON.stringify([{ operation: "random", length: 8 }])
  assert.match((await keyhold("batch", { stdin })).text, /done/)
  assert.equal((await keyhold("random 32")).stdout.length, 32)
  await keyhold("key create keks --algorithm AES_256")
  assert.match((await keyhold("data-key --key keks --wrapped-only")).text, /ciphertext/)
  assert.match((await keyhold("explain key.encrypt keks")).text, /^key.encrypt is allowed/)
  assert.match((await keyhold("explain key.create --as user")).text, /is denied/)
  const abroad = "--as officer --principal arn:aws:iam::123456789012:user/guest"
  const told = (await keyhold(`explain key.encrypt keks ${abroad}`)).text
  assert.match(told, /^key.encrypt is denied on this side; the other account's is not told/)
  assert.match(told, /key-exists +DENIES +neither the key's policy nor a grant/)
  assert.match((await keyhold("whoami")).text, /roles +user/)
  assert.match((await keyhold("status")).text, /operational/)
  assert.match((await keyhold("version")).text, /keyhold +\d/)
  assert.match((await keyhold("audit list --act key.create --limit 3")).text, /key\.create/)
  await keyhold("partition block")
  assert.match(await refused("encrypt --raw --key keks", 1, { stdin: "x" }), /OPERATION_FORBIDDEN/)
  await keyhold("partition unblock")
})

test("a sealed node answers its status alone", async () => {
  await keyhold("seal")
  assert.match((await keyhold("status")).text, /sealed/)
  assert.match(await refused("key list", 1), /SEALED/)
})
