/** Who is asking, over real TLS: tokens, certificates, JWTs, and how access ends. */

import assert from "node:assert/strict"
import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { after, before, suite, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { connect } from "node:tls"

import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose"

import { selfSigned, type Identity } from "../daemon/http/certificate.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { base64, fields, restClient, type Fields } from "../support/rest-client.ts"

interface NewPrincipal {
  readonly principal: { readonly id: string; readonly credentials: readonly { id: string }[] }
  readonly token?: string
}

let node: DevNode
let count = 0

suite("identity on the wire", () => {
  before(async () => {
    node = await startDevNode()
  })
  after(() => node.stop())

  test(
    "a certificate opens its partition, and not on the request after its revocation",
    certificate,
  )
  test("a resumed TLS session does not outlive a revocation", resumption)
  test("a certificate that nobody registered, or without its partition, opens nothing", strangers)
  test("a JWT acts in the role that its claim maps to, until its issuer goes", jwt)
  test("a JWT for another audience, issuer, partition or key is refused", wrongJwts)
  test("a rotated token works on for its overlap, an unrotated one does not", rotation)
  test("a token ends when its life does", expiry)
  test("an address list admits who comes from there alone", addresses)
  test("a disabled principal is refused on the next request and may return", disabled)
  test("grants narrow a role to keys and operations", grants)
  test("failures from an address slow down failures, never a valid token", limiter)
})

async function create(body: Fields): Promise<NewPrincipal> {
  count += 1
  const all = {
    name: `principal-${count}`,
    roles: ["user"],
    credential: { kind: "token" },
    ...body,
  }
  return await node.client.call<NewPrincipal>(node.token("officer"), "POST /principals", all)
}

async function status(token: string | undefined, headers: Readonly<Record<string, string>> = {}) {
  return (await node.client.send("GET", "/api/v1/whoami", { token, headers })).status
}

async function withCertificate(): Promise<NewPrincipal & { identity: Identity }> {
  const identity = await selfSigned("client")
  const der = base64(new X509Certificate(identity.cert).raw)
  const made = await create({ credential: { kind: "certificate", certificate: der } })
  return { ...made, identity }
}

async function revoke({ principal: { id, credentials } }: NewPrincipal): Promise<void> {
  const path = `/principals/${id}/credentials/${credentials[0]?.id ?? ""}`
  await node.client.call(node.token("officer"), `DELETE ${path}`)
}

async function certificate(): Promise<void> {
  const made = await withCertificate()
  assert.equal(made.token, undefined)
  const client = restClient(node.dev, { ...made.identity, maxSockets: 1 })
  const headers = { "x-keyhold-partition": node.dev.partition }
  const ask = () => client.send("GET", "/api/v1/whoami", { headers })
  const answer = fields(await ask())
  assert.equal(answer["subject"], made.principal.id)
  assert.equal(answer["credential"], "certificate")
  await revoke(made)
  assert.equal((await ask()).status, 401) // The same connection: it has one socket.
  client.close()
}

async function resumption(): Promise<void> {
  const made = await withCertificate()
  const first = await overTls(made.identity)
  assert.deepEqual([first.status, first.reused], [200, false])
  const again = await overTls(made.identity, first.session)
  assert.deepEqual([again.status, again.reused], [200, true])
  await revoke(made)
  const late = await overTls(made.identity, again.session)
  assert.deepEqual([late.status, late.reused], [401, true])
}

/** One request on a connection of its own, which may resume a session. */
async function overTls(identity: Identity, session?: Buffer) {
  const { port } = new URL(node.dev.url)
  const ca = readFileSync(node.dev.caFile)
  const to = { host: "127.0.0.1", servername: "localhost", port: Number(port), ca, ...identity }
  const socket = connect(session === undefined ? to : { ...to, session })
  let latest: Buffer | undefined
  let reused = false
  socket.on("secureConnect", () => (reused = socket.isSessionReused()))
  socket.on("session", (one: Buffer) => (latest = one))
  const partition = `x-keyhold-partition: ${node.dev.partition}`
  socket.write(
    `GET /api/v1/whoami HTTP/1.1\r\nhost: localhost\r\n${partition}\r\nconnection: close\r\n\r\n`,
  )
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece as Buffer) // A socket gives buffers.
  const [, code = ""] = Buffer.concat(pieces).toString("latin1").split(" ")
  return { status: Number(code), reused, session: latest ?? session }
}

async function strangers(): Promise<void> {
  const made = await withCertificate()
  const known = restClient(node.dev, { ...made.identity })
  const unknown = restClient(node.dev, { ...(await selfSigned("stranger")) })
  const ask = async (client: typeof known, partition: string | undefined) => {
    const headers = partition === undefined ? {} : { "x-keyhold-partition": partition }
    return (await client.send("GET", "/api/v1/whoami", { headers })).status
  }
  assert.equal(await ask(known, node.dev.partition), 200)
  assert.equal(await ask(known, undefined), 401)
  assert.equal(await ask(known, "0".repeat(26)), 401)
  assert.equal(await ask(unknown, node.dev.partition), 401)
  // A bearer decides; with somebody else's certificate beside it, something is confused.
  const headers = { "x-keyhold-partition": node.dev.partition }
  const mixed = await known.send("GET", "/api/v1/whoami", { headers, token: node.token("user") })
  assert.equal(mixed.status, 401)
  known.close()
  unknown.close()
}

const issuerName = "https://issuer.example"

async function trustIssuer(): Promise<{ id: string; sign: (claims: Fields) => Promise<string> }> {
  const { publicKey, privateKey } = await generateKeyPair("ES256")
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "ES256" }
  const { id } = await node.client.call<{ id: string }>(node.token("officer"), "POST /issuers", {
    issuer: issuerName,
    audience: "keyhold",
    jwks: { keys: [jwk] },
    roleClaim: "groups",
    roleMap: { "key-users": "user", "key-managers": "manager" },
  })
  return { id, sign: (claims) => signJwt(privateKey, claims) }
}

async function signJwt(key: CryptoKey, claims: Fields): Promise<string> {
  const all = { iss: issuerName, aud: "keyhold", sub: "anna", groups: ["key-users"], ...claims }
  return await new SignJWT(all)
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key)
}

async function jwt(): Promise<void> {
  const { id, sign } = await trustIssuer()
  const headers = { "x-keyhold-partition": node.dev.partition }
  const send = async (token: string, method: string, path: string, body?: Fields) =>
    await node.client.send(method, `/api/v1${path}`, { token, headers, body })
  const user = await sign({})
  const manager = await sign({ sub: "ben", groups: ["others", "key-managers"] })
  const who = fields(await send(user, "GET", "/whoami"))
  assert.deepEqual(who["roles"], ["user"])
  assert.match(String(who["subject"]), /anna$/)
  const key = { name: "by-jwt", algorithm: "AES_256" }
  assert.equal((await send(user, "POST", "/keys", key)).status, 403)
  assert.equal((await send(manager, "POST", "/keys", key)).status, 201)
  const text = { plaintext: base64("text") }
  assert.equal((await send(user, "POST", "/keys/by-jwt/encrypt", text)).status, 200)
  assert.equal((await send(await sign({ groups: ["none"] }), "GET", "/whoami")).status, 401)
  await node.client.call(node.token("officer"), `DELETE /issuers/${id}`)
  assert.equal((await send(user, "GET", "/whoami")).status, 401)
  assert.equal((await send(manager, "GET", "/whoami")).status, 401)
}

async function wrongJwts(): Promise<void> {
  const { id, sign } = await trustIssuer()
  const here = { "x-keyhold-partition": node.dev.partition }
  const good = await sign({})
  assert.equal(await status(good, here), 200)
  const { privateKey } = await generateKeyPair("ES256")
  assert.equal(await status(await signJwt(privateKey, {}), here), 401)
  assert.equal(await status(await sign({ aud: "another" }), here), 401)
  assert.equal(await status(await sign({ iss: "https://other.example" }), here), 401)
  assert.equal(await status(good), 401)
  assert.equal(await status(good, { "x-keyhold-partition": "0".repeat(26) }), 401)
  const [head = "", , signature = ""] = good.split(".")
  const claims = Buffer.from(JSON.stringify({ groups: ["key-managers"] })).toString("base64url")
  assert.equal(await status(`${head}.${claims}.${signature}`, here), 401)
  await node.client.call(node.token("officer"), `DELETE /issuers/${id}`)
}

async function rotate(token: string | undefined, overlapSeconds: number) {
  const body = { overlapSeconds }
  return await node.client.call<{ token: string }>(token, "POST /whoami/token", body)
}

async function rotation(): Promise<void> {
  const { token: first } = await create({})
  const { token: second } = await rotate(first, 1)
  assert.deepEqual([await status(first), await status(second)], [200, 200])
  await sleep(1_100)
  assert.deepEqual([await status(first), await status(second)], [401, 200])
  const { token: third } = await rotate(second, 0)
  assert.deepEqual([await status(second), await status(third)], [401, 200])
}

async function expiry(): Promise<void> {
  const { token } = await create({ credential: { kind: "token", lifeSeconds: 1 } })
  assert.equal(await status(token), 200)
  await sleep(1_100)
  assert.equal(await status(token), 401)
}

async function addresses(): Promise<void> {
  const { token } = await create({ addresses: ["127.0.2.0/24"] })
  assert.equal(await status(token), 401)
  const url = node.dev.url.replace("localhost", "127.0.0.1")
  for (const [localAddress, expected] of [
    ["127.0.2.9", 200],
    ["127.0.3.9", 401],
  ] as const) {
    const client = restClient({ ...node.dev, url }, { localAddress })
    assert.equal((await client.send("GET", "/api/v1/whoami", { token })).status, expected)
    client.close()
  }
}

async function disabled(): Promise<void> {
  const { principal, token } = await create({})
  const set = (state: string) =>
    node.client.call(node.token("officer"), `PATCH /principals/${principal.id}`, { state })
  assert.equal(await status(token), 200)
  await set("disabled")
  assert.equal(await status(token), 401)
  await set("active")
  assert.equal(await status(token), 200)
  await node.client.call(node.token("officer"), `DELETE /principals/${principal.id}`)
  assert.equal(await status(token), 401)
}

async function grants(): Promise<void> {
  for (const [name, team] of [
    ["orders-1", "a"],
    ["orders-2", "b"],
    ["other", "a"],
  ] as const) {
    const body = { name, algorithm: "AES_256", tags: { team } }
    await node.client.call(node.token("manager"), "POST /keys", body)
  }
  const { token } = await create({
    grants: [
      { keyNames: "orders-*", tag: { name: "team", value: "a" }, operations: ["key.encrypt"] },
    ],
  })
  const encrypt = async (key: string) => {
    const body = { plaintext: base64("text") }
    const answer = await node.client.send("POST", `/api/v1/keys/${key}/encrypt`, { token, body })
    return [answer.status, fields(answer)["rule"]]
  }
  assert.deepEqual(await encrypt("orders-1"), [200, undefined])
  assert.deepEqual(await encrypt("orders-2"), [403, "grant"])
  assert.deepEqual(await encrypt("other"), [403, "grant"])
  const body = { message: base64("text") }
  const mac = await node.client.send("POST", "/api/v1/keys/orders-1/sign", { token, body })
  assert.equal(fields(mac)["rule"], "grant")
}

async function limiter(): Promise<void> {
  const url = node.dev.url.replace("localhost", "127.0.0.1")
  const client = restClient({ ...node.dev, url }, { localAddress: "127.0.4.1" })
  const good = node.token("user")
  const bad = `${good.slice(0, -1)}${good.endsWith("0") ? "1" : "0"}`
  const seen = new Set<number>()
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await client.send("GET", "/api/v1/whoami", { token: bad })
    seen.add(answer.status)
    if (answer.status !== 429) continue
    assert.ok(Number(answer.headers["retry-after"]) >= 1)
    assert.equal(fields(answer)["code"], "RATE_LIMITED")
  }
  assert.deepEqual([...seen], [401, 429])
  const answer = await client.send("GET", "/api/v1/whoami", { token: good })
  assert.equal(answer.status, 200)
  client.close()
}
