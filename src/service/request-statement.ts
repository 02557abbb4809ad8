/**
 * What approvers sign: everything about a request, in the canonical encoding, as
 * docs/formats/request.md has it.
 *
 * A statement names cluster, partition, key and its public half, operation, mechanism and every
 * parameter, the rule, a nonce and the times. So an approval is good for that one request.
 */

import { createHash } from "node:crypto"

import { canonical, type CanonicalField } from "../codec/canonical.ts"
import type { ApproverWord, RequestSubject } from "../domain/request.ts"
import type { Rule } from "../domain/rule.ts"

/** What a statement is for: a word about a request, or the approval of a call that brings it. */
export type StatementPurpose = ApproverWord | "call"

/** The bytes of one word about one request, or call. */
export function statementOf(
  word: StatementPurpose,
  clusterId: string,
  subject: RequestSubject,
  parameters: object,
): Uint8Array {
  const { id, partition, operation, mechanism = "", key, ruleHash, nonce } = subject
  return canonical(
    word,
    clusterId,
    id,
    partition,
    operation,
    mechanism,
    key?.id ?? "",
    key?.name ?? "",
    key?.version ?? 0,
    key?.fingerprint ?? "",
    ruleHash,
    nonce,
    subject.stampedAt,
    subject.expiresAt,
    ...describeParameters(parameters).flat(),
  )
}

/**
 * A command's fields as names and values, in the order of their names; what is nested goes by its
 * path.
 */
export function describeParameters(
  parameters: object,
  prefix = "",
): readonly (readonly [name: string, value: CanonicalField])[] {
  return Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, value]: [string, unknown]) => {
      const path = `${prefix}${name}`
      if (typeof value === "string" || typeof value === "number") return [[path, value] as const]
      if (typeof value === "boolean" || value === null) return [[path, String(value)] as const]
      if (value instanceof Uint8Array) return [[path, value] as const]
      // Commands are made of texts, numbers, bytes and objects of these.
      const inner = describeParameters(value as object, `${path}.`)
      return inner.length === 0 ? [[path, "{}"] as const] : inner
    })
}

/** By the rule in a record, which a change replaces whole: it cannot become stale. */
const hashes = new WeakMap<Rule, string>()

/** What a request remembers of its rule; under another one nothing is executed. */
export function hashRule(rule: Rule | undefined): string {
  const known = rule && hashes.get(rule)
  if (known !== undefined) return known
  const hash = hashOf(rule)
  if (rule !== undefined) hashes.set(rule, hash)
  return hash
}

function hashOf(rule: Rule | undefined): string {
  const text = JSON.stringify(rule ?? null, (_, value: unknown) =>
    value instanceof Uint8Array ? value.toBase64() : value,
  )
  return createHash("sha256").update(text).digest("hex")
}
