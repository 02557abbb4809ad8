/** Routes of partitions, principals, issuers, and of the node as a whole. */

import { HsmError } from "../../../domain/errors.ts"
import type { CredentialId, PartitionId, PrincipalId } from "../../../domain/ids.ts"
import type { NewCredential } from "../../../service/commands.ts"
import type * as wire from "../api.generated.ts"
import {
  renderApprover,
  renderInvited,
  renderIssuer,
  renderPage,
  renderPartition,
  renderPrincipal,
  renderToken,
} from "../render.ts"
import { nothing, route, type Routes } from "../route.ts"
import { parseRule } from "../rules.ts"
import { milliseconds } from "../times.ts"

/** Approvers who were invited. */
export const approverRoutes = {
  createApprover: route("createApprover", ({ body: { name } }) => ({ name }), renderInvited),
  listApprovers: route("listApprovers", nothing, (all) => ({ items: all.map(renderApprover) })),
  deleteApprover: route("deleteApprover", ({ params: { approver } }) => approver, nothing),
  renewApproverCode: route(
    "renewOneTimeCode",
    ({ params: { approver } }) => approver,
    renderInvited,
  ),
} as const satisfies Routes<
  "createApprover" | "listApprovers" | "deleteApprover" | "renewApproverCode"
>

/** Operations of the groups Partition and Cluster. */
export const partitionRoutes = {
  whoami: route("whoami", nothing, ({ partition, subject, roles, grants, credential }) => ({
    partition,
    subject,
    roles,
    grants,
    credential,
  })),
  rotateOwnToken: route("rotateOwnToken", ({ body }) => tokenLife(body), renderToken),
  explain: route(
    "explainDecision",
    ({ body }) => body,
    (explanation) => explanation,
  ),
  getPartition: route("readPartition", nothing, renderPartition),
  updatePartition: route("updatePartition", ({ body }) => body, renderPartition),
  setPartitionRules: route(
    "setPartitionRules",
    ({ body: { administration: rule } }) => ({
      administration: rule && parseRule(rule, "/administration"),
    }),
    renderPartition,
  ),
  blockPartition: route("blockPartition", nothing, renderPartition),
  unblockPartition: route("unblockPartition", nothing, renderPartition),
  createPartition: route(
    "createPartition",
    ({ params, body }) => ({ ...body, ...params }),
    ({ partition, officer, token }) => ({
      partition: renderPartition(partition),
      officer: renderPrincipal(officer),
      token,
    }),
  ),
  listPartitions: route(
    "listPartitions",
    ({ params }) => params,
    (page) => renderPage(page, renderPartition),
  ),
  getPartitionById: route(
    "readPartitionById",
    ({ params: { partition } }) => partitionId(partition),
    renderPartition,
  ),
  updateQuota: route(
    "updateQuota",
    ({ params: { partition }, body: { quota } }) => ({ partition: partitionId(partition), quota }),
    renderPartition,
  ),
  seal: route("sealNode", nothing, nothing),
  shred: route("shred", nothing, ({ epoch, destroyedEpochs }) => ({ epoch, destroyedEpochs })),
} as const satisfies Routes<
  | "whoami"
  | "rotateOwnToken"
  | "explain"
  | "getPartition"
  | "updatePartition"
  | "setPartitionRules"
  | "blockPartition"
  | "unblockPartition"
  | "createPartition"
  | "listPartitions"
  | "getPartitionById"
  | "updateQuota"
  | "seal"
  | "shred"
>

/** Operations of the group Principals. */
export const principalRoutes = {
  createPrincipal: route(
    "createPrincipal",
    ({ params: { idempotencyKey }, body: { credential, ...body } }) => ({
      ...body,
      credential: newCredential(credential),
      idempotencyKey,
    }),
    renderToken,
  ),
  listPrincipals: route(
    "listPrincipals",
    ({ params }) => params,
    (page) => renderPage(page, renderPrincipal),
  ),
  getPrincipal: route(
    "readPrincipal",
    ({ params: { principal } }) => principalId(principal),
    renderPrincipal,
  ),
  updatePrincipal: route(
    "updatePrincipal",
    ({ params: { principal }, body }) => ({ principal: principalId(principal), ...body }),
    renderPrincipal,
  ),
  deletePrincipal: route(
    "deletePrincipal",
    ({ params: { principal } }) => principalId(principal),
    nothing,
  ),
  issueToken: route(
    "issueToken",
    ({ params: { principal }, body }) => ({
      principal: principalId(principal),
      ...tokenLife(body),
    }),
    renderToken,
  ),
  issueAccessKey: route(
    "issueAccessKey",
    ({ params: { principal }, body }) => ({
      principal: principalId(principal),
      lifeMs: tokenLife(body).lifeMs,
    }),
    renderToken,
  ),
  revokeCredential: route(
    "revokeCredential",
    ({ params: { principal, credential } }) => ({
      principal: principalId(principal),
      credential: credentialId(credential),
    }),
    renderPrincipal,
  ),
  createIssuer: route(
    "createIssuer",
    ({ params, body }) => ({ ...keysOf(body), ...params }),
    renderIssuer,
  ),
  listIssuers: route(
    "listIssuers",
    ({ params }) => params,
    (page) => renderPage(page, renderIssuer),
  ),
  deleteIssuer: route("deleteIssuer", ({ params: { issuer } }) => issuer, nothing),
} as const satisfies Routes<
  | "createPrincipal"
  | "listPrincipals"
  | "getPrincipal"
  | "updatePrincipal"
  | "deletePrincipal"
  | "issueToken"
  | "issueAccessKey"
  | "revokeCredential"
  | "createIssuer"
  | "listIssuers"
  | "deleteIssuer"
>

// Ids have passed the pattern of the schema Id: only the brand is new.
const partitionId = (text: string) => text as PartitionId
const principalId = (text: string) => text as PrincipalId
const credentialId = (text: string) => text as CredentialId

function tokenLife({ lifeSeconds, overlapSeconds }: wire.TokenRequest): {
  readonly lifeMs: number | undefined
  readonly overlapMs: number | undefined
} {
  return {
    lifeMs: lifeSeconds === undefined ? undefined : milliseconds(lifeSeconds),
    overlapMs: overlapSeconds === undefined ? undefined : milliseconds(overlapSeconds),
  }
}

function newCredential(credential: wire.NewCredential): NewCredential {
  if (credential.kind === "certificate") return credential
  return { kind: credential.kind, lifeMs: tokenLife(credential).lifeMs }
}

/** One of two ways to know the issuer's keys, and the narrower type that says so. */
function keysOf({ jwks, jwksUri, grants = [], ...body }: wire.CreateIssuerRequest) {
  if ((jwks === undefined) === (jwksUri === undefined)) {
    throw new HsmError("MALFORMED_REQUEST", "needs one of jwks and jwksUri", { field: "/jwks" })
  }
  return {
    ...body,
    grants,
    ...(jwks === undefined ? {} : { jwks: { keys: jwks.keys.map((key) => ({ ...key })) } }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  }
}
