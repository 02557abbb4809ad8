/** One good request per row of the table, over the objects that a case is about. */

import { readFileSync } from "node:fs"
import { join } from "node:path"

import { listEndpoints, readSpec } from "../../src/faces/rest/spec.ts"
import { base64, type Fields } from "../support/rest-client.ts"
import type { CallerName, Role, RowId } from "./expected.ts"
import { freshName, nobodysUrl } from "./governed.ts"
import { freeRule, issuerBody, type Objects } from "./world.ts"

/** What goes into the operation's path and query, and its body. */
export interface Wanted {
  readonly params?: Readonly<Record<string, string>>
  readonly body?: Fields
}

/** What a request is made from. */
export interface About {
  /** The objects that the case is about: own, foreign or absent. */
  readonly objects: Objects
  /** Objects of the caller's own partition, for what the case is not about. */
  readonly mine: Objects
  /** A role that the caller's partition knows. */
  readonly role: Role
  readonly caller: CallerName
}

const message = base64("message")

export const requests: Readonly<Record<RowId, (about: About) => Wanted>> = {
  live: () => ({}),
  ready: () => ({}),
  metrics: () => ({}),
  explorer: () => ({}),
  openapi: () => ({}),
  version: () => ({}),
  algorithms: () => ({}),
  sealStatus: () => ({}),
  unseal: () => ({ body: { share: base64("no share") } }),

  whoami: () => ({}),
  // The old token lives on: other cases need it.
  rotateOwnToken: () => ({ body: { overlapSeconds: 3600 } }),

  createKey: () => ({ body: { name: freshName(), algorithm: "AES_256" } }),
  importKey: () => ({
    body: {
      name: freshName(),
      algorithm: "AES_128",
      format: "raw",
      material: base64("sixteen bytes it"),
    },
  }),
  listKeys: () => ({}),
  getKey: ({ objects }) => ({ params: { key: objects.keys.cipher } }),
  getPublicKey: ({ objects }) => ({ params: { key: objects.keys.pair } }),
  updateKey: ({ objects }) => ({
    params: { key: objects.keys.cipher },
    body: { description: "changed" },
  }),
  trustKey: ({ objects }) => ({ params: { key: objects.keys.wrapper }, body: { trusted: true } }),
  fastForwardKey: ({ objects }) => ({
    params: { key: objects.keys.stateful },
    body: { index: 20 },
  }),
  blockKey: ({ objects }) => ({ params: { key: objects.keys.smart } }),
  unblockKey: ({ objects }) => ({ params: { key: objects.keys.smart } }),
  setKeyRules: ({ objects }) => ({ params: { key: objects.keys.smart }, body: {} }),
  protectKey: ({ objects }) => ({ params: { key: objects.keys.cipher }, body: {} }),
  enableKey: ({ objects }) => ({ params: { key: objects.keys.cipher } }),
  disableKey: ({ objects }) => ({ params: { key: objects.keys.cipher } }),
  rotateKey: ({ objects }) => ({ params: { key: objects.keys.cipher } }),
  deleteKey: ({ objects }) => ({ params: { key: objects.keys.cipher, windowSeconds: "0" } }),
  cancelDeletion: ({ objects }) => ({ params: { key: objects.keys.deleting } }),
  restoreKey: ({ objects }) => ({ params: { key: objects.keys.invalidated } }),
  purgeKey: ({ objects }) => ({ params: { key: objects.keys.deleting } }),
  getLastUse: ({ objects }) => ({ params: { key: objects.keys.cipher } }),
  getReceipt: ({ objects }) => ({ params: { key: objects.keys.destroyed } }),
  deriveAddress: ({ objects }) => ({
    params: { key: objects.keys.seed },
    body: { chain: "ETH", path: "m/0" },
  }),
  derivePublic: ({ objects }) => ({ params: { key: objects.keys.seed }, body: { path: "m/0" } }),
  deriveExtendedPublic: ({ objects }) => ({
    params: { key: objects.keys.seed },
    body: { path: "m/0" },
  }),
  deriveChild: ({ objects }) => ({
    params: { key: objects.keys.seed },
    body: { path: "m/0", name: freshName() },
  }),
  exportKey: ({ objects }) => ({ params: { key: objects.keys.plain }, body: {} }),
  "exportKey wrapped": ({ objects, mine }) => ({
    params: { key: objects.keys.plain },
    body: { wrappingKey: mine.keys.wrapper },
  }),
  deriveKey: ({ objects }) => ({
    params: { key: objects.keys.secret },
    body: { name: freshName(), algorithm: "AES_256" },
  }),
  unwrapKey: ({ objects }) => ({
    params: { key: objects.keys.wrapper },
    body: { name: freshName(), algorithm: "AES_256", wrapped: objects.wrapped },
  }),
  "exportKey under": ({ objects, mine }) => ({
    params: { key: mine.keys.plain },
    body: { wrappingKey: objects.keys.wrapper },
  }),

  requestCertificate: ({ objects }) => ({
    params: { key: objects.keys.pair },
    body: { subject: "CN=a" },
  }),
  selfSignCertificate: ({ objects }) => ({
    params: { key: objects.keys.pair },
    body: { subject: "CN=a" },
  }),
  issueCertificate: ({ objects, mine }) => ({
    params: { key: objects.keys.authority },
    body: { request: mine.certificates.request },
  }),
  addCertificate: ({ objects }) => ({
    params: { key: objects.keys.pair },
    body: { chain: [objects.certificates.own] },
  }),
  listCertificates: ({ objects }) => ({ params: { key: objects.keys.authority } }),
  getCertificate: ({ objects }) => ({
    params: { key: objects.keys.authority, certificate: objects.certificates.stored },
  }),
  deleteCertificate: ({ objects }) => ({
    params: { key: objects.keys.authority, certificate: objects.certificates.stored },
  }),

  createTimestamp: ({ objects }) => ({
    params: { key: objects.keys.timestamper },
    body: { digest: base64("thirty-two bytes, or a digest :)") },
  }),
  encrypt: ({ objects }) => ({
    params: { key: objects.keys.cipher },
    body: { plaintext: message },
  }),
  decrypt: ({ objects }) => ({ body: { ciphertext: objects.ciphertext } }),
  decryptRaw: ({ objects }) => ({
    params: { key: objects.keys.cipher },
    // Counter mode opens anything: this row asks who may, not what opens.
    body: { ciphertext: message, iv: base64("0123456789abcdef"), mechanism: "AES_CTR" },
  }),
  sign: ({ objects }) => ({ params: { key: objects.keys.pair }, body: { message } }),
  verify: ({ objects }) => ({
    params: { key: objects.keys.pair },
    body: { message, signature: message },
  }),
  mac: ({ objects }) => ({ params: { key: objects.keys.mac }, body: { message } }),
  verifyMac: ({ objects }) => ({
    params: { key: objects.keys.mac },
    body: { message, mac: message },
  }),
  generateDataKey: ({ objects }) => ({ params: { key: objects.keys.cipher }, body: {} }),
  encapsulate: ({ objects }) => ({ params: { key: objects.keys.kem }, body: {} }),
  decapsulate: ({ objects }) => ({
    params: { key: objects.keys.kem },
    // A secret that nobody else has: this row asks who may.
    body: { ciphertext: base64(new Uint8Array(1088)) },
  }),
  agree: ({ objects }) => ({
    params: { key: objects.keys.agreement },
    // RFC 7748 section 6.1: Bob's.
    body: { publicKey: "MCowBQYDK2VuAyEA3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=" },
  }),
  random: () => ({ body: { length: 1 } }),
  batch: () => ({ body: { operations: [{ operation: "random", length: 1 }] } }),

  createRequest: ({ mine }) => ({
    body: { asked: { operation: "blockKey", key: mine.keys.smart } },
  }),
  listRequests: () => ({}),
  watchRequests: () => ({ params: { seconds: "0" } }),
  getRequest: ({ objects: { request } }) => ({ params: { request } }),
  speakOnRequest: ({ objects: { request, word } }) => ({ params: { request }, body: word }),
  cancelRequest: ({ objects: { request } }) => ({ params: { request } }),

  stampCall: ({ mine }) => ({
    body: { asked: { operation: "blockKey", key: mine.keys.guarded } },
  }),
  // Whoever may not call needs no stamp of his own to be told so.
  makeCall: ({ objects: { calls }, caller }) => ({ body: calls[caller] ?? calls["user"] ?? {} }),

  createWebhook: () => ({ body: { url: nobodysUrl } }),
  listWebhooks: () => ({}),
  deleteWebhook: ({ objects: { webhook } }) => ({ params: { webhook } }),
  testWebhook: ({ objects: { webhook } }) => ({ params: { webhook } }),

  createApprover: () => ({ body: { name: freshName() } }),
  listApprovers: () => ({}),
  deleteApprover: ({ objects: { approver } }) => ({ params: { approver } }),
  renewApproverCode: ({ objects: { approver } }) => ({ params: { approver } }),

  explain: ({ objects }) => ({ body: { operation: "key.encrypt", key: objects.keys.cipher } }),
  "explain other": ({ objects: { principal } }) => ({
    body: { operation: "random.generate", principal },
  }),

  getPartition: () => ({}),
  updatePartition: () => ({ body: { flags: {} } }),
  setPartitionRules: () => ({ body: { administration: freeRule } }),
  blockPartition: () => ({}),
  unblockPartition: () => ({}),

  createPrincipal: ({ role }) => ({
    body: { name: freshName(), roles: [role], credential: { kind: "token" } },
  }),
  listPrincipals: () => ({}),
  getPrincipal: ({ objects }) => ({ params: { principal: objects.principal } }),
  updatePrincipal: ({ objects }) => ({
    params: { principal: objects.principal },
    body: { addresses: [] },
  }),
  deletePrincipal: ({ objects }) => ({ params: { principal: objects.principal } }),
  issueToken: ({ objects }) => ({ params: { principal: objects.principal }, body: {} }),
  issueAccessKey: ({ objects }) => ({ params: { principal: objects.principal }, body: {} }),
  revokeCredential: ({ objects: { principal, credential } }) => ({
    params: { principal, credential },
  }),
  createIssuer: ({ role }) => ({ body: issuerBody(role) }),
  listIssuers: () => ({}),
  deleteIssuer: ({ objects }) => ({ params: { issuer: objects.issuer } }),

  listAuditRecords: () => ({}),
  exportAudit: () => ({}),

  createPartition: () => ({ body: { name: freshName() } }),
  listPartitions: () => ({}),
  getPartitionById: ({ objects }) => ({ params: { partition: objects.partition } }),
  updateQuota: ({ objects }) => ({
    params: { partition: objects.partition },
    body: { quota: { keysMax: 1000 } },
  }),
  seal: () => ({}),
  shred: () => ({}),
}

/** The document's operations. */
export const endpoints = listEndpoints(
  readSpec(readFileSync(join(import.meta.dirname, "../../api/openapi.generated.json"), "utf8")),
)

/** `exportKey wrapped` -> `exportKey`. */
export function operationOf(id: RowId): string {
  return id.split(" ")[0] ?? id
}

/** Method, path with query, and body as they go over the wire. */
export function wire(id: RowId, { params = {}, body }: Wanted) {
  const endpoint = endpoints.find((one) => one.id === operationOf(id))
  if (endpoint === undefined) throw new Error(`api/openapi.yaml has no ${id}`)
  const names = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name)
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "")
  const query = Object.entries(params)
    .filter(([name]) => !names.includes(name))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")
  const { method } = endpoint
  return { method, path: query === "" ? path : `${path}?${query}`, body }
}
