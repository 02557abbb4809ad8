/** Issuers of JWTs that a partition trusts: its officer adds and removes them. */

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import type { IssuerRecord } from "../domain/issuer.ts"
import { limits } from "../domain/limits.ts"
import { isHttpsUri } from "../identity/https-out.ts"
import { parseJwks } from "../identity/jwks.ts"
import { perform, recordDone } from "./act.ts"
import { checkGrants, checkRoles, malformed } from "./check-access.ts"
import type { Context, CreateIssuerCommand, Page, PageCommand } from "./commands.ts"
import { createOnce } from "./once.ts"
import type { Ports } from "./ports.ts"

/**
 * Trusts an issuer. One partition has an issuer with one audience once.
 *
 * @throws HsmError NAME_TAKEN, QUOTA_EXCEEDED for more than limits.issuersMax, MALFORMED_REQUEST,
 * IDEMPOTENCY_MISMATCH, OPERATION_FORBIDDEN.
 */
export async function createIssuer(
  ports: Ports,
  context: Context,
  command: CreateIssuerCommand,
): Promise<IssuerRecord> {
  const { partition } = context.caller
  const { idempotencyKey: key, ...fields } = command
  check(partition, command)
  return await perform(ports, context, { operation: "issuer.create" }, async (act) => {
    const { records } = ports
    const call = { kind: "issuer.create", key, command: fields }
    return await createOnce(ports, context, call, async ({ id, repeated, claims }) => {
      if (repeated) {
        const first = await records.read("issuer", partition, id)
        if (first !== undefined) return first
      }
      const { items } = await records.list("issuer", partition, { limit: limits.issuersMax })
      if (items.length >= limits.issuersMax) {
        throw new HsmError("QUOTA_EXCEEDED", `at most ${limits.issuersMax} issuers`)
      }
      const record: IssuerRecord = { ...fields, id, partition, createdAt: act.now, revision: 1 }
      const committed = await records.commit(partition, {
        changes: [{ kind: "issuer", record }],
        claims: [...claims, records.claim(partition, "issuer", nameOf(record), id)],
      })
      await recordDone(ports, act, { target: id, committed })
      return record
    })
  })
}

/** One page of the partition's issuers, ordered by id. */
export async function listIssuers(
  ports: Ports,
  context: Context,
  { after, limit = limits.pageSizeDefault }: PageCommand,
): Promise<Page<IssuerRecord>> {
  return await perform(ports, context, { operation: "issuer.list" }, ({ partition }) =>
    ports.records.list("issuer", partition.id, { after, limit }),
  )
}

/**
 * Trusts an issuer no longer: its tokens are refused from the next request on.
 *
 * @throws HsmError NOT_FOUND, also for another partition's issuer.
 */
export async function deleteIssuer(ports: Ports, context: Context, id: string): Promise<void> {
  const ask = { operation: "issuer.delete", target: id } as const
  await perform(ports, context, ask, async (act) => {
    const { records } = ports
    const partition = act.partition.id
    const before = await records.read("issuer", partition, id)
    if (before === undefined) throw new HsmError("NOT_FOUND", "no such issuer")
    const record = { ...before, revision: before.revision + 1 }
    const committed = await records.commit(partition, {
      changes: [{ kind: "issuer", record, removes: true }],
      rows: [{ del: records.indexPath(partition, "issuer", nameOf(before)) }],
    })
    await recordDone(ports, act, { target: id, committed })
  })
}

/** Issuer and audience; a line break stands in neither. */
function nameOf({ issuer, audience }: Pick<IssuerRecord, "issuer" | "audience">): string {
  return `${issuer}\n${audience}`
}

const textPattern = /^[\x20-\x7e]{1,512}$/

function check(partition: PartitionId, command: CreateIssuerCommand): void {
  const { issuer, audience, jwks, jwksUri, roleClaim, roleMap, grants } = command
  for (const [field, text] of Object.entries({ issuer, audience, roleClaim })) {
    if (!textPattern.test(text)) throw malformed(`/${field}`, "1 to 512 printable characters")
  }
  if ((jwks === undefined) === (jwksUri === undefined)) {
    throw malformed("/jwks", "either the keys or where to fetch them")
  }
  if (jwks !== undefined && parseJwks(jwks) === undefined) {
    throw malformed("/jwks", "no set of public keys (RFC 7517)")
  }
  if (jwksUri !== undefined && !isHttpsUri(jwksUri)) {
    throw malformed("/jwksUri", "no https address without user and fragment")
  }
  const mapped = Object.values(roleMap)
  if (mapped.length > limits.roleMapMax) {
    throw malformed("/roleMap", `at most ${limits.roleMapMax} values`)
  }
  checkRoles(partition, [...new Set(mapped)], "/roleMap")
  checkGrants(grants)
}
