/** Three accounts: one that owns keys, and two that it makes grants to. */

import { after } from "node:test"

import { accountIdOf } from "../../../src/codec/account-id.ts"
import { idOfUuid } from "../../../src/codec/uuid.ts"
import type { PartitionId } from "../../../src/domain/ids.ts"
import type { Role } from "../../../src/domain/principal.ts"
import { newPartition } from "../../support/stack.ts"
import { awsFace, b64, type As, type Body, type Key } from "../../support/aws-face.ts"

export const aws = await awsFace()
// Here, and once: files that run in one process share it.
after(() => aws.stop())
export const guests = await newPartition(aws.stack, "guests")
export const thirds = await newPartition(aws.stack, "thirds")
export const officer = { name: "olga", roles: ["officer"] } as const

export const userOf = (partition: PartitionId, name: string) =>
  `arn:aws:iam::${accountIdOf(partition)}:user/${name}`
export const rootOf = (partition: PartitionId) => `arn:aws:iam::${accountIdOf(partition)}:root`
export const guestArn = userOf(guests, "guest")
export const thirdArn = userOf(thirds, "third")

/** Of another account, whose officer has named one key of elsewhere to him, or none. */
export function of(partition: PartitionId, name: string, key?: Key, roles?: readonly Role[]): As {
  const grants = key === undefined ? [] : [{ keyIds: [idOfUuid(key.KeyId)] }]
  const caller = { subject: `${name}-id`, grants }
  return { partition, name, roles: roles ?? ["user", "manager"], caller }
}
export const guest = (key?: Key, roles?: readonly Role[]) => of(guests, "guest", key, roles)
export const third = (key?: Key) => of(thirds, "third", key)

export async function grant({ Arn }: Key, input: Body, as: As = {}) {
  const made = await aws.ok("CreateGrant", { KeyId: Arn, ...input }, as)
  return made as { readonly GrantId: string; readonly GrantToken: string }
}
export const toGuest = { GranteePrincipal: guestArn, Operations: ["Encrypt", "DescribeKey"] }
export const input = ({ Arn: KeyId }: Key, more: Body = {}) => ({
  KeyId,
  Plaintext: b64("x"),
  ...more,
})
export const retirable = async (RetiringPrincipal: string, as: As, more: Body = {}) => {
  const page = await aws.ok("ListRetirableGrants", { RetiringPrincipal, ...more }, as)
  return page["Grants"] as readonly Key[]
}
export type Act = "key.encrypt" | "grant.create" | "grant.retire"
export const told = (act: Act, key: Key, outcome: "allowed" | "done" = "done") =>
  aws.stack.audit.of(act, outcome).filter(({ keyId }) => keyId === idOfUuid(key.KeyId))
export const absent = /^AccessDeniedException: .*the resource does not exist in this Region/
