/** Partitions, principals and objects of every kind, made through the API like anybody would. */

import assert from "node:assert/strict"

import { decodeId } from "../../src/codec/id-text.ts"
import { startDevNode, type DevNode } from "../support/dev-node.ts"
import { newApprover, statementFor } from "../support/approvers.ts"
import { base64, type Fields, type RestClient } from "../support/rest-client.ts"
import type { Role, Row } from "./expected.ts"
import { freshName, makeApprover, makeWebhook } from "./governed.ts"

/** Ids of objects to name in requests; of one partition, or of none. */
export interface Objects {
  /** By what the key is good for. */
  readonly keys: Readonly<Record<KeyKind, string>>
  /** Id of what lies beside `authority`; a certificate and a request of `pair`, in base64. */
  readonly certificates: { readonly stored: string; readonly own: string; readonly request: string }
  /** In Keyhold's own format, naming its key. */
  readonly ciphertext: string
  /** `plain`, under `wrapper`. */
  readonly wrapped: string
  /** Open, and what an approver says to it. */
  readonly request: string
  readonly word: Fields
  /** Calls that bring their approval, by the role for which they were stamped. */
  readonly calls: Readonly<Record<string, Fields>>
  readonly principal: string
  readonly credential: string
  readonly issuer: string
  readonly webhook: string
  /** By his name. */
  readonly approver: string
  readonly partition: string
}

const keyKinds = [
  "cipher",
  "pair",
  "authority",
  "timestamper",
  "mac",
  "kem",
  "seed",
  "stateful",
  "agreement",
  "secret",
  "plain",
  "wrapper",
  "smart",
  "guarded",
  "deleting",
  "invalidated",
  "destroyed",
] as const
export type KeyKind = (typeof keyKinds)[number]

/** A partition with a token per role. */
export interface Place {
  readonly partition: string
  readonly tokens: Readonly<Partial<Record<Role, string>>>
  /** Shared by all cases that change nothing. */
  readonly objects: Objects
}

export interface World {
  readonly node: DevNode
  readonly own: Place
  readonly other: Place
  readonly blocked: Place
  readonly readOnly: Place
  readonly cluster: Place
  /** Of a principal that was deleted. */
  readonly revokedToken: string
}

/** Ids that were never given out. */
export const absentId = "7zzzzzzzzzzzzzzzzzzzzzzzzz"

export async function makeWorld(): Promise<World> {
  const node = await startDevNode()
  const own = await makePlace(node)
  const other = await makePlace(node)
  const blocked = await makePlace(node)
  const readOnly = await makePlace(node)
  const { client } = node
  await client.call(blocked.tokens.officer, "POST /partition/block")
  await setReadOnly(client, readOnly.tokens.officer, true)
  const tokens = {
    operator: node.token("operator"),
    "cluster-officer": node.token("cluster-officer"),
  }
  const partition = "0".repeat(26)
  const { officer } = own.tokens
  const { principal, token } = await makePrincipal(client, officer, "user")
  await client.call(officer, `DELETE /principals/${principal}`)
  return {
    node,
    own,
    other,
    blocked,
    readOnly,
    cluster: { partition, tokens, objects: await clusterObjects(client, own, tokens) },
    revokedToken: token,
  }
}

/** A rule that asks nobody. */
export const freeRule = { tokens: [{ name: "free", groups: [] }] }

/** The objects of a place, those of one kind anew: for a case that uses them up. */
export async function freshObjects(
  world: World,
  place: Place,
  kind: NonNullable<Row["spends"]>,
): Promise<Objects> {
  const { client } = world.node
  const { officer } = place.tokens
  if (place === world.blocked) await client.call(officer, "POST /partition/unblock")
  if (place === world.readOnly) await setReadOnly(client, officer, false)
  const fresh = await makers[kind](client, place.tokens)
  if (place === world.blocked) await client.call(officer, "POST /partition/block")
  if (place === world.readOnly) await setReadOnly(client, officer, true)
  return { ...place.objects, ...fresh }
}

async function setReadOnly(
  client: RestClient,
  officer: string | undefined,
  readOnly: boolean,
): Promise<void> {
  await client.call(officer, "PATCH /partition", { flags: { readOnly } })
}

async function makePlace(node: DevNode): Promise<Place> {
  const { client } = node
  const made = await client.call<{ partition: { id: string }; token: string }>(
    node.token("operator"),
    "POST /partitions",
    {
      name: freshName(),
      flags: { keyImport: true, plainExport: true, wrappedExport: true },
    },
  )
  const officer = made.token
  const tokens = {
    officer,
    user: (await makePrincipal(client, officer, "user")).token,
    manager: (await makePrincipal(client, officer, "manager")).token,
    approver: (await makePrincipal(client, officer, "approver")).token,
    auditor: (await makePrincipal(client, officer, "auditor")).token,
  }
  const place = { partition: made.partition.id, tokens }
  await client.call(officer, "PUT /partition/rules", { administration: freeRule })
  return { ...place, objects: await makeObjects(client, place) }
}

async function makePrincipal(
  client: RestClient,
  token: string | undefined,
  role: Role,
): Promise<{ principal: string; credential: string; token: string }> {
  const made = await client.call<{
    principal: { id: string; credentials: readonly { id: string }[] }
    token: string
  }>(token, "POST /principals", {
    name: freshName(),
    roles: [role],
    credential: { kind: "token" },
  })
  const { id, credentials } = made.principal
  return { principal: id, credential: credentials[0]?.id ?? "", token: made.token }
}

async function makeIssuer(client: RestClient, token: string | undefined, role: Role) {
  const made = await client.call<{ id: string }>(token, "POST /issuers", issuerBody(role))
  return made.id
}

/** An issuer's keys are public: this one's are those of RFC 8037, appendix A.2. */
export function issuerBody(role: Role): Fields {
  const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
  return {
    issuer: `https://${freshName()}.example`,
    audience: "keyhold",
    jwks: { keys: [{ kty: "OKP", crv: "Ed25519", x }] },
    roleClaim: "role",
    roleMap: { a: role },
  }
}

/** A cluster's own partition holds principals and issuers, never keys: those of `own` stand in. */
async function clusterObjects(
  client: RestClient,
  own: Place,
  tokens: Place["tokens"],
): Promise<Objects> {
  const principal = await makers.principal(client, tokens)
  return { ...own.objects, ...principal, ...(await makers.issuer(client, tokens)) }
}

async function makeObjects(
  client: RestClient,
  { partition, tokens }: Omit<Place, "objects">,
): Promise<Objects> {
  return {
    ...(await makers.keys(client, tokens)),
    ...(await makers.request(client, tokens)),
    ...(await makers.call(client, tokens)),
    ...(await makers.principal(client, tokens)),
    ...(await makers.issuer(client, tokens)),
    ...(await makers.webhook(client, tokens)),
    ...(await makers.approver(client, tokens)),
    partition,
  }
}

/** Makes the objects of one kind, of the partition whose tokens these are. */
const makers = {
  keys: makeKeys,
  request: makeRequest,
  call: makeCalls,
  async principal(client: RestClient, tokens: Place["tokens"]) {
    const officer = tokens.officer ?? tokens["cluster-officer"]
    const role = tokens.officer === undefined ? "operator" : "user"
    const { principal, credential } = await makePrincipal(client, officer, role)
    return { principal, credential }
  },
  webhook: makeWebhook,
  approver: makeApprover,
  async issuer(client: RestClient, tokens: Place["tokens"]) {
    const officer = tokens.officer ?? tokens["cluster-officer"]
    return { issuer: await makeIssuer(client, officer, tokens.officer ? "user" : "operator") }
  },
} as const

async function makeKeys(
  client: RestClient,
  { manager, officer, user }: Place["tokens"],
): Promise<Pick<Objects, "keys" | "ciphertext" | "certificates" | "wrapped">> {
  const create = async (body: Fields): Promise<string> => {
    const all = { name: freshName(), algorithm: "AES_256", ...body }
    const made = await client.call<{ id: string }>(manager, "POST /keys", all)
    return made.id
  }
  const flag = (invalidation: boolean) =>
    client.call(officer, "PATCH /partition", { flags: { invalidation } })
  const keys = {
    cipher: await create({}),
    pair: await create({ algorithm: "EC_P256" }),
    authority: await create({ algorithm: "EC_P256" }),
    timestamper: await create({ algorithm: "EC_P256" }),
    mac: await create({ algorithm: "HMAC_SHA_256" }),
    kem: await create({ algorithm: "ML_KEM_768" }),
    seed: await create({ algorithm: "BIP32_SECP256K1" }),
    stateful: await create({ algorithm: "LMS_SHA256_H5" }),
    agreement: await create({ algorithm: "X25519" }),
    secret: await create({ algorithm: "GENERIC_SECRET" }),
    plain: await create({ extractable: true, sensitive: false }),
    wrapper: await create({ usages: ["wrap", "unwrap"] }),
    smart: await create({ rules: {} }),
    guarded: await create({ rules: { block: annaAlone } }),
    deleting: await create({}),
    invalidated: await create({}),
    destroyed: await create({}),
  }
  await client.call(officer, `POST /keys/${keys.wrapper}/trust`, { trusted: true })
  const { material: wrapped } = await client.call<{ material: string }>(
    manager,
    `POST /keys/${keys.plain}/export`,
    { wrappingKey: keys.wrapper },
  )
  await client.call(manager, `DELETE /keys/${keys.deleting}`)
  await client.call(manager, `DELETE /keys/${keys.destroyed}?windowSeconds=0`)
  await flag(true)
  await client.call(manager, `DELETE /keys/${keys.invalidated}`)
  await flag(false)
  const { ciphertext } = await client.call<{ ciphertext: string }>(
    user,
    `POST /keys/${keys.cipher}/encrypt`,
    { plaintext: base64("text") },
  )
  return { keys, ciphertext, wrapped, certificates: await makeCertificates(client, manager, keys) }
}

async function makeCertificates(
  client: RestClient,
  manager: string | undefined,
  { pair, authority, timestamper }: Objects["keys"],
): Promise<Objects["certificates"]> {
  const selfSigned = async (key: string, profile: Fields = { authority: {} }): Promise<string> => {
    const body = { subject: "CN=a", ...profile }
    const path = `POST /keys/${key}/self-signed-certificate`
    const made = await client.call<{ chain: readonly string[] }>(manager, path, body)
    return made.chain[0] ?? ""
  }
  const { id: stored } = await client.call<{ id: string }>(
    manager,
    `POST /keys/${authority}/certificates`,
    { chain: [await selfSigned(authority)] },
  )
  const forTimestamps = { extendedKeyUsage: ["timeStamping"] }
  await client.call(manager, `POST /keys/${timestamper}/certificates`, {
    chain: [await selfSigned(timestamper, forTimestamps)],
  })
  const { request } = await client.call<{ request: string }>(
    manager,
    `POST /keys/${pair}/certificate-request`,
    { subject: "CN=a" },
  )
  return { stored, own: await selfSigned(pair), request }
}

const approver = newApprover("Anna")
const annaAlone = {
  tokens: [
    {
      name: "Anna",
      groups: [
        {
          name: "Anna",
          quorum: 1,
          approvers: [{ kind: "public-key", name: "Anna", publicKey: base64(approver.publicKey) }],
        },
      ],
    },
  ],
}

/** For each who may, a call that blocks a key, stamped for him and approved. */
async function makeCalls(
  client: RestClient,
  { manager, user, officer }: Place["tokens"],
): Promise<Pick<Objects, "calls">> {
  const key = { name: freshName(), algorithm: "AES_256", rules: { block: annaAlone } }
  const { id } = await client.call<{ id: string }>(manager, "POST /keys", key)
  const asked = { operation: "blockKey", key: id }
  const publicKey = base64(approver.publicKey)
  const calls: Record<string, Fields> = {}
  for (const [role, token] of Object.entries({ manager, user, officer })) {
    const { stamp, statement } = await client.call<{ stamp: string; statement: string }>(
      token,
      "POST /calls/stamp",
      { asked },
    )
    const signature = base64(approver.sign(Uint8Array.fromBase64(statement)))
    const approval = { publicKey, mechanism: "ECDSA_SHA_256", signature }
    calls[role] = { asked, stamp, approvals: [approval] }
  }
  return { calls }
}

/** A request that waits, and the rejection of its approver. */
async function makeRequest(
  client: RestClient,
  { manager, user }: Place["tokens"],
): Promise<Pick<Objects, "request" | "word">> {
  const publicKey = base64(approver.publicKey)
  const key = { name: freshName(), algorithm: "EC_P256", rules: { use: annaAlone } }
  const { id } = await client.call<{ id: string }>(manager, "POST /keys", key)
  const asked = { operation: "sign", key: id, message: base64("message") }
  const made = await client.call<{ id: string; statement: string }>(user, "POST /requests", {
    asked,
  })
  const statement = statementFor("rejection", Uint8Array.fromBase64(made.statement))
  const signature = base64(approver.sign(statement))
  return {
    request: made.id,
    word: { word: "rejection", publicKey, mechanism: "ECDSA_SHA_256", signature },
  }
}

/** Objects that nobody ever made; with a ciphertext that names a key that nobody has. */
export function absentObjects(like: Objects): Objects {
  const keys = Object.fromEntries(keyKinds.map((kind) => [kind, absentId]))
  const sealed = Buffer.from(Uint8Array.fromBase64(like.ciphertext))
  const at = sealed.indexOf(decodeId(like.keys.cipher, ""))
  assert.equal(at, 5, "docs/formats/ciphertext.md: the key id follows magic, format and suite")
  sealed.set(decodeId(absentId, ""), at)
  return {
    keys: keys as Objects["keys"], // Exactly the kinds.
    certificates: { ...like.certificates, stored: absentId },
    ciphertext: base64(sealed),
    wrapped: like.wrapped,
    request: absentId,
    word: like.word,
    calls: like.calls,
    principal: absentId,
    credential: absentId,
    issuer: absentId,
    webhook: absentId,
    approver: absentId,
    partition: absentId,
  }
}
