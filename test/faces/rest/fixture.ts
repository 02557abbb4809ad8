/** A REST face over services that only remember what they were asked. */

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"

import { Ajv2020 } from "ajv/dist/2020.js"

import {
  clusterPartition,
  instant,
  parseId,
  type KeyId,
  type PrincipalId,
} from "../../../src/domain/ids.ts"
import type { KeyRecord } from "../../../src/domain/key.ts"
import { defaultFlags, defaultQuota, type PartitionRecord } from "../../../src/domain/partition.ts"
import type { Caller, PrincipalRecord } from "../../../src/domain/principal.ts"
import { loadApi } from "../../../src/faces/rest/endpoints.ts"
import { createRestFace } from "../../../src/faces/rest/face.ts"
import type { FaceReply } from "../../../src/faces/message.ts"
import type { RestFaceOptions, SealStatus } from "../../../src/faces/rest/ports.ts"
import type { Services } from "../../../src/faces/rest/services.ts"
import {
  listEndpoints,
  readSpec,
  type Endpoint,
  type Schema,
} from "../../../src/faces/rest/spec.ts"
import type { Evidence } from "../../../src/identity/authenticator.ts"
import type { Context } from "../../../src/service/commands.ts"
import { certificateAnswers } from "./certificate-results.ts"
import { callAnswers, changes, requestView, smart } from "./quorum-results.ts"

const folder = join(import.meta.dirname, "../../../api")
const specJson = readFileSync(join(folder, "openapi.generated.json"), "utf8")
export const specText = readFileSync(join(folder, "openapi.yaml"), "utf8")
export const spec = readSpec(specJson)
export const api = loadApi(specJson)
export const endpoints: readonly Endpoint[] = listEndpoints(spec)

export const id = "01k2v7x9q4m8w3r5t6y1z0a2bc"
const at = instant(Date.UTC(2026, 10, 23, 9, 30))
const bytes = Uint8Array.of(1, 2, 3)

export const keyRecord: KeyRecord = {
  id: branded<KeyId>(id),
  partition: clusterPartition,
  name: "orders",
  algorithm: "AES_256",
  state: "active",
  attributes: {
    usages: ["encrypt", "decrypt"],
    extractable: false,
    sensitive: true,
    modifiable: true,
    destroyable: true,
    copyable: false,
    neverExtractable: true,
    alwaysSensitive: true,
    trusted: false,
  },
  smart,
  tags: { customer: "4711" },
  description: "",
  versions: [
    {
      version: 1,
      createdAt: at,
      origin: "imported",
      hasSecret: true,
      publicKey: bytes,
      sealsLeased: 0,
    },
  ],
  minVersion: 1,
  rotation: { periodMs: 86_400_000, nextAt: at },
  createdAt: at,
  createdBy: id,
  updatedAt: at,
  revision: 3,
}

const partition: PartitionRecord = {
  id: clusterPartition,
  name: "shop",
  custody: "managed",
  state: "active",
  flags: defaultFlags,
  quota: defaultQuota,
  rules: { administration: { tokens: [] } },
  createdAt: at,
  revision: 1,
}

/** A secret hash that must never be seen in an answer. */
export const secretHash = Uint8Array.from({ length: 32 }, (_, index) => 200 - index)

const principal: PrincipalRecord = {
  id: branded<PrincipalId>(id),
  partition: clusterPartition,
  name: "order-service",
  roles: ["user"],
  grants: [{ keyNames: "orders*" }],
  addresses: [],
  state: "active",
  credentials: [
    { kind: "token", id: branded(id), hash: secretHash, createdAt: at, expiresAt: at },
    { kind: "certificate", id: branded(id), fingerprint: bytes, createdAt: at, expiresAt: at },
    {
      kind: "access-key",
      id: branded(id),
      accessKeyId: "A".repeat(30),
      secret: secretHash,
      createdAt: at,
      expiresAt: at,
    },
  ],
  createdAt: at,
  revision: 1,
}

const about = { keyId: branded<KeyId>(id), version: 1, mechanism: "AES_GCM" } as const
const issuer = {
  id,
  partition: clusterPartition,
  issuer: "https://login.example.com",
  audience: "keyhold",
  jwks: { keys: [{ kty: "OKP" }] },
  roleClaim: "groups",
  roleMap: { a: "user" },
  grants: [],
  createdAt: at,
  revision: 1,
} as const
const view = {
  chain: "c",
  index: 1,
  sequence: 2,
  at,
  event: { act: "key.encrypt", partition: clusterPartition, outcome: "allowed", subject: id },
} as const

async function* lines(): AsyncGenerator<string> {
  yield '{"a":1}\n'
  yield '{"a":2}\n'
}

/** What each service answers. */
export const results: { readonly [Name in keyof Services]: Awaited<ReturnType<Services[Name]>> } = {
  ...callAnswers,
  ...certificateAnswers,
  agree: { ...about, sharedSecret: bytes },
  blockKey: keyRecord,
  blockPartition: partition,
  cancelDeletion: keyRecord,
  cancelRequest: requestView,
  createIssuer: issuer,
  createKey: keyRecord,
  createPartition: { partition, officer: principal, token: "kh1_x" },
  createPrincipal: { principal, token: "kh1_x" },
  decapsulate: { ...about, sharedSecret: bytes },
  decrypt: { ...about, plaintext: bytes },
  deleteIssuer: undefined,
  deleteKey: keyRecord,
  deletePrincipal: undefined,
  deletionReceipt: {
    keyId: about.keyId,
    name: "orders",
    unusableAt: at,
    destroyedEpoch: 7,
    shreddedAt: at,
    statement: bytes,
    signature: bytes,
  },
  lastUseOf: { key: keyRecord, use: { at, act: "key.encrypt", subject: "x" }, since: at },
  deriveAddress: { ...about, address: "0x0", publicKey: bytes },
  deriveChild: keyRecord,
  deriveKey: keyRecord,
  fastForwardKey: keyRecord,
  deriveExtendedPublic: { keyId: about.keyId, version: 1, extendedPublicKey: "xpub" },
  derivePublic: { ...about, publicKey: bytes },
  describeKey: keyRecord,
  disableKey: keyRecord,
  enableKey: keyRecord,
  encapsulate: { ...about, ciphertext: bytes, sharedSecret: bytes },
  encrypt: { ...about, ciphertext: bytes, iv: bytes },
  explainDecision: { allowed: true, rules: [{ rule: "role", allows: true }] },
  exportKey: {
    keyId: about.keyId,
    version: 1,
    format: "raw",
    material: bytes,
    wrappedBy: { keyId: about.keyId, version: 1, mechanism: "AES_KWP" },
  },
  exportLines: { [Symbol.asyncIterator]: lines },
  generateDataKey: { keyId: about.keyId, version: 1, ciphertext: bytes, plaintext: bytes },
  generateRandom: bytes,
  importKey: keyRecord,
  issueAccessKey: {
    principal,
    accessKey: { accessKeyId: "A".repeat(30), secretAccessKey: "s".repeat(43) },
  },
  issueToken: { principal, token: "kh1_x" },
  listIssuers: { items: [issuer], next: undefined },
  listKeys: { items: [keyRecord], next: "n" },
  listPartitions: { items: [partition], next: undefined },
  listPrincipals: { items: [principal], next: undefined },
  listRecords: { items: [view], next: undefined },
  listRequests: { items: [requestView.request], next: undefined },
  mac: { ...about, signature: bytes },
  makeRequest: requestView,
  protectKey: keyRecord,
  publicKey: { keyId: about.keyId, version: 1, publicKey: bytes },
  purgeKey: keyRecord,
  readPartition: partition,
  readPartitionById: partition,
  readPrincipal: principal,
  readRequest: {
    ...requestView,
    request: { ...requestView.request, result: { ...about, signature: bytes } },
  },
  restoreKey: keyRecord,
  revokeCredential: principal,
  rotateKey: keyRecord,
  rotateOwnToken: { principal, token: "kh1_x" },
  sealNode: undefined,
  setKeyRules: keyRecord,
  setPartitionRules: partition,
  shred: { epoch: 8, destroyedEpochs: [7] },
  sign: { ...about, signature: bytes },
  speakOnRequest: requestView,
  trustKey: keyRecord,
  unblockKey: keyRecord,
  unwrapKey: keyRecord,
  unblockPartition: partition,
  updateKey: keyRecord,
  updatePartition: partition,
  updatePrincipal: principal,
  updateQuota: partition,
  useAlike: undefined,
  verify: { ...about, valid: true },
  verifyMac: { ...about, valid: false },
  watchRequests: { [Symbol.asyncIterator]: changes },
  whoami: {
    partition: clusterPartition,
    subject: id,
    roles: ["user"],
    grants: [],
    credential: "token",
  },
}

/** One call of a service. */
export interface Asked {
  readonly service: string
  readonly command: unknown
  readonly context: Context
}

export const caller: Caller = {
  partition: clusterPartition,
  subject: id,
  roles: ["user"],
  grants: [],
  credential: "token",
  address: "192.0.2.1",
}

const status: SealStatus = {
  state: "sealed",
  clusterId: id,
  nodeId: id,
  nodeKey: bytes,
  importerKey: bytes,
  importerSignature: bytes,
  sharesReceived: 0,
}

export interface Sent {
  readonly kept?: Map<object, object>
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object is written as JSON; text and bytes go as they are. */
  readonly body?: unknown
}

/** A face, what its services were asked, and a way to ask it. */
export function restFixture(change: Partial<RestFaceOptions> = {}) {
  const asked: Asked[] = []
  const unexpected: unknown[] = []
  const evidence: Evidence[] = []
  const shares: [Uint8Array, string][] = []
  const face = createRestFace({
    api,
    ports: () => ({}) as ReturnType<RestFaceOptions["ports"]>,
    services: fakeServices(asked),
    authenticate: (given) => {
      evidence.push(given)
      return Promise.resolve(caller)
    },
    node: {
      status: () => status,
      submitShare: (share, address) => {
        shares.push([share, address])
        return Promise.resolve({ ...status, state: "operational" })
      },
      version: () => ({ version: "0.1.0", node: "26.10.0", openssl: "3.5.4", engine: "native" }),
      ready: () => ({ ready: false, reason: "sealed" }),
      metrics: () => Promise.resolve("keyhold_sealed 1\n"),
    },
    operationsPerSecond: () => 250,
    onUnexpected: (error) => unexpected.push(error),
    ...change,
  })
  const ask = (method: string, path: string, { query = "", headers, body, kept }: Sent = {}) => {
    const given: Record<string, string> = {
      authorization: "Bearer t",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    }
    return face({
      method,
      path,
      query,
      header: (name) => given[name],
      kept,
      body: toBytes(body),
      requestId: "request-1",
      peer: { address: "192.0.2.1" },
    })
  }
  return { ask, asked, unexpected, evidence, shares }
}

/** Services that note what they are asked, and answer from `answers`. */
export function fakeServices(
  asked: Asked[],
  answers: Partial<Record<keyof Services, () => unknown>> = {},
): Services {
  const fakes = Object.entries(results).map(([service, result]) => [
    service,
    (_ports: unknown, context: Context, command: unknown) => {
      asked.push({ service, command, context })
      const answer = answers[service as keyof Services] // Every name of `results` is one.
      return Promise.resolve().then(() => (answer === undefined ? result : answer()))
    },
  ])
  // Each entry answers what the service of that name answers.
  return Object.fromEntries(fakes) as Services
}

function toBytes(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array(0)
  if (body instanceof Uint8Array) return body
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body))
}

/** The JSON of an answer. */
export function json(reply: FaceReply): Record<string, unknown> {
  assert(typeof reply.body === "string")
  return JSON.parse(reply.body) as Record<string, unknown>
}

/** The text of an answer; empty when it is a stream. */
export function textOf({ body }: FaceReply): string {
  return typeof body === "string" ? body : ""
}

/** A path with something in each of its open places. */
export function filled(path: string): string {
  return path.replaceAll(/\{\w+\}/g, id)
}

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, discriminator: true })
ajv.addVocabulary(["components", "x-closed-by", "x-bytes-max"])
ajv.addSchema({ $id: "api", components: { schemas: spec.components.schemas } })

/** Asserts that a wire value has the form of a schema, with base64 as text. */
export function assertForm(schema: Schema, value: unknown): void {
  const outer = schema.$ref === undefined ? schema : { ...schema, $ref: `api${schema.$ref}` }
  const validate = ajv.compile(outer)
  assert(validate(value), `${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`)
}

/** Resolves one reference. */
export function deref(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  return deref(spec.components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {})
}

function branded<T extends string>(text: string): T {
  return parseId(text) as string as T // Which of the brands it is, the caller says.
}
