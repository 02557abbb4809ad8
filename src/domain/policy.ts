/**
 * The one authorization chokepoint. `decide` is pure: no clock, no I/O, no randomness, so a test
 * can enumerate it. Rules stand in a table; the first one that denies wins, and `explain` shows
 * all.
 */

import {
  againstAbsence,
  againstDenial,
  againstGrants,
  againstPolicy,
  type AdmissionQuestion,
} from "./admission.ts"
import {
  keyAlgorithm,
  mechanismRow,
  publicUsages,
  type KeyAlgorithmId,
  type MechanismId,
} from "./algorithms.ts"
import { admitsPath, everyPath, parsePath } from "./derivation.ts"
import type { ErrorCode } from "./errors.ts"
import type { Instant, KeyId, PartitionId } from "./ids.ts"
import { stateAt } from "./external-material.ts"
import { currentVersion, type KeyRecord } from "./key.ts"
import { againstKeyStore } from "./key-store.ts"
import { limits } from "./limits.ts"
import { includes, mechanismKind } from "./operation-kind.ts"
import { operation, type OperationId, type OperationRow } from "./operation.ts"
import type { PartitionRecord } from "./partition.ts"
import { countsUses, describeVerdict, type RuleVerdict } from "./rule.ts"
import { isRuled, judge, type Ruling } from "./ruling.ts"
import { againstTemplate, type MadeAttributes } from "./unwrap-template.ts"

/** What the engine is asked to work on, by name; bytes by content. */
export type Input = Readonly<Record<string, Uint8Array | string | undefined>>

/** Everything a decision depends on. */
export interface Question extends Ruling, AdmissionQuestion {
  readonly partition: PartitionRecord
  /** The key acted on; undefined when it does not exist, or the operation has none. */
  readonly key?: KeyRecord | undefined
  /** Of a use of the key: a permit for a key with rules covers nothing else. */
  readonly input?: Input | undefined
  readonly mechanism?: MechanismId | undefined
  /** Of the key that is to be made. */
  readonly algorithm?: KeyAlgorithmId | undefined
  readonly attributes?: MadeAttributes | undefined
  /** The version asked for; undefined: the current one. */
  readonly version?: number | undefined
  /** The path from a seed, as text: which of its keys is meant. */
  readonly path?: string | undefined
  /** The caller wants to choose the IV of an encryption. */
  readonly externalIv?: boolean | undefined
  /** The key shall be destroyed without a waiting window. */
  readonly immediate?: boolean | undefined
  readonly now: Instant
  /** What the meters say: the partition's budget per second, and its number of keys. */
  readonly withinRate: boolean
  readonly keyCount?: number | undefined
}

export type Decision =
  | {
      readonly outcome: "denied"
      readonly code: ErrorCode
      readonly rule: RuleId
      readonly reason: string
    }
  | {
      readonly outcome: "pending"
      readonly code: "APPROVAL_REQUIRED"
      readonly rule: "approvals"
      readonly reason: string
      /** What is missing. */
      readonly verdict: RuleVerdict
    }
  | { readonly outcome: "allowed"; readonly permit: Permit }

/**
 * A permission nobody can forge: the class is not exported as a value, so only `decide` mints one.
 * It covers one operation and one mechanism on one revision of one key, for a short time; where the
 * key carries rules, with one input alone.
 */
class Permit {
  /** Private fields make the type nominal: a look-alike literal does not compile. */
  readonly #operation: OperationId
  readonly #keyId: KeyId | undefined
  readonly #mechanism: MechanismId | undefined
  readonly #input: Input | undefined
  readonly #path: string | undefined
  /** Whose budgets the work draws on. */
  readonly partition: PartitionId
  readonly revision: number
  readonly expiresAt: Instant
  #withdrawn = false

  constructor(question: Question) {
    this.#operation = question.operation
    this.#keyId = question.key?.id
    this.#mechanism = question.mechanism
    const ruled = isRuled(question, operation(question.operation))
    this.#input = ruled ? (question.input ?? {}) : undefined
    this.#path = question.path
    this.partition = question.caller.partition
    this.revision = question.key?.revision ?? 0
    this.expiresAt = (question.now + limits.permitMs) as Instant
  }

  /** True when this permit was minted for exactly this act. */
  covers(act: {
    operation: OperationId
    keyId: KeyId
    mechanism?: MechanismId
    input?: Input
    path?: string | undefined
  }): boolean {
    return (
      (this.#operation === act.operation || includes[this.#operation] === act.operation) &&
      this.#keyId === act.keyId &&
      this.#mechanism === act.mechanism &&
      (this.#input === undefined || isSameInput(this.#input, act.input ?? {})) &&
      this.#path === act.path
    )
  }

  /** What it was granted under has changed: work that has not begun is refused. */
  withdraw(): void {
    this.#withdrawn = true
  }

  /** Work that has not begun may not begin any more. */
  get isWithdrawn(): boolean {
    return this.#withdrawn
  }
}
export type { Permit }

/** Public values: no secret to compare in constant time. */
function isSameInput(one: Input, other: Input): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) => isSame(one[name], other[name]))
}

function isSame(one: Input[string], other: Input[string]): boolean {
  if (typeof one !== "object" || typeof other !== "object") return one === other
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}

interface Rule {
  readonly code: ErrorCode
  /** Undefined: the rule has nothing against it. Otherwise the reason of the denial. */
  readonly check: (question: Question, row: OperationRow) => string | undefined
}

/** In order: who, then whether anything may happen here, then what this key allows. */
const rules = {
  "key-exists": {
    code: "KEY_NOT_FOUND",
    check: (question, { target }) => (target === "key" ? againstAbsence(question) : undefined),
  },
  role: {
    code: "OPERATION_FORBIDDEN",
    check: ({ caller }, { roles }) => {
      if (roles.some((role) => caller.roles.includes(role))) return
      return `needs one of the roles ${roles.join(", ")}`
    },
  },
  "policy-deny": { code: "OPERATION_FORBIDDEN", check: againstDenial },
  policy: { code: "OPERATION_FORBIDDEN", check: againstPolicy },
  grant: { code: "OPERATION_FORBIDDEN", check: againstGrants },
  "key-store": {
    code: "OPERATION_FORBIDDEN",
    check: ({ caller }) => againstKeyStore(caller),
  },
  "partition-active": {
    code: "OPERATION_FORBIDDEN",
    check: ({ partition }, { stopsHarm, whileBlocked, target }) => {
      if (partition.state === "active" || target === "cluster") return
      if (stopsHarm === true || whileBlocked === true) return
      return "the partition is blocked"
    },
  },
  "read-only": {
    code: "OPERATION_FORBIDDEN",
    check: ({ partition }, { changes, stopsHarm }) => {
      if (!partition.flags.readOnly || changes !== true || stopsHarm === true) return
      return "the partition is read-only"
    },
  },
  flag: {
    code: "OPERATION_FORBIDDEN",
    check: ({ partition }, { flag }) => {
      if (flag === undefined || partition.flags[flag]) return
      return `the partition's flag ${flag} is off`
    },
  },
  "key-state": {
    code: "KEY_STATE",
    check: ({ key, now }, { states }) => {
      const state = stateAt(key, now)
      if (states === undefined || state === undefined || states.includes(state)) return
      return `the key is ${state}`
    },
  },
  smart: {
    code: "OPERATION_FORBIDDEN",
    check: ({ key }, { smart }) => {
      if (smart !== true || key === undefined || key.smart !== undefined) return
      return "the key carries no rules"
    },
  },
  blocked: {
    code: "KEY_STATE",
    check: ({ key }, { rule }) => {
      if (rule !== "use" || key?.smart?.blocked !== true) return
      return "the key is blocked"
    },
  },
  usage: {
    code: "OPERATION_FORBIDDEN",
    check: ({ key }, { usage }) => {
      if (usage === undefined || key === undefined || key.attributes.usages.includes(usage)) return
      return `the key's attributes do not allow ${usage}`
    },
  },
  attribute: {
    code: "OPERATION_FORBIDDEN",
    check: ({ key }, { attribute }) => {
      if (attribute === undefined || key === undefined || key.attributes[attribute]) return
      return `the key is not ${attribute}`
    },
  },
  sensitive: {
    code: "OPERATION_FORBIDDEN",
    check: ({ key, operation: id }) => {
      if (id !== "key.export-plain" || key === undefined || !key.attributes.sensitive) return
      return "the key is sensitive: it never leaves in the clear"
    },
  },
  mechanism: {
    code: "OPERATION_FORBIDDEN",
    check: ({ key, mechanism, operation: id }) => {
      if (mechanism === undefined || key === undefined) return
      const kind = mechanismKind(id)
      if (kind !== undefined && mechanismRow(mechanism).kind !== kind) {
        return `${mechanism} does not serve ${id}`
      }
      if (keyAlgorithm(key.algorithm).mechanisms.includes(mechanism)) return
      return `a key of ${key.algorithm} does not serve ${mechanism}`
    },
  },
  path: {
    code: "OPERATION_FORBIDDEN",
    check: ({ key, path: text, operation: id }) => {
      if (key === undefined || text === undefined) return
      // The child takes the rules along, but would count its own uses.
      if (id === "key.derive-child" && countsUses(key.smart?.rules)) return "its rule counts uses"
      const path = parsePath(text)
      if (path !== undefined && admitsPath(key.paths ?? [everyPath], path)) return
      return "the key's paths do not admit this one"
    },
  },
  template: {
    code: "OPERATION_FORBIDDEN",
    check: ({ key, algorithm, attributes, now }) => {
      if (key === undefined || algorithm === undefined || attributes === undefined) return
      return againstTemplate(key, { algorithm, attributes, now })
    },
  },
  legacy: {
    code: "OPERATION_FORBIDDEN",
    check: ({ partition, key, mechanism, algorithm: made }) => {
      if (partition.flags.legacyAlgorithms) return
      const used = mechanism === undefined ? undefined : key?.algorithm
      const old =
        legacyOf(used) ??
        legacyOf(made) ??
        (mechanism !== undefined && mechanismRow(mechanism).status === "legacy" && mechanism)
      return old ? `${old} is there for old data, and the flag legacyAlgorithms is off` : undefined
    },
  },
  version: {
    code: "KEY_STATE",
    check: ({ key, version }) => {
      if (version === undefined || key === undefined) return
      if (version < key.minVersion) return `version ${version} is below the minimum`
      if (key.versions.some((known) => known.version === version)) return
      return `there is no version ${version}`
    },
  },
  "secret-half": {
    code: "OPERATION_FORBIDDEN",
    check: ({ key, version }, { usage }) => {
      if (usage === undefined || publicUsages.includes(usage)) return
      if (key === undefined) return
      const used = key.versions.find((known) => known.version === version) ?? currentVersion(key)
      return used?.hasSecret === false ? "only the public half is here" : undefined
    },
  },
  "external-iv": {
    code: "OPERATION_FORBIDDEN",
    check: ({ partition, externalIv }) => {
      if (externalIv !== true || partition.flags.externalIv) return
      return "the partition does not let callers choose the IV"
    },
  },
  immediate: {
    code: "OPERATION_FORBIDDEN",
    check: ({ partition, immediate }) => {
      if (immediate !== true || partition.flags.immediateDestruction) return
      return "the partition destroys no key without a waiting window"
    },
  },
  "key-quota": {
    code: "QUOTA_EXCEEDED",
    check: ({ partition, keyCount }) => {
      if (keyCount === undefined || keyCount < partition.quota.keysMax) return
      return `the partition holds its ${partition.quota.keysMax} keys`
    },
  },
  rate: {
    code: "RATE_LIMITED",
    check: ({ partition, withinRate }, { metered }) => {
      if (metered !== true || withinRate) return
      return `more than ${partition.quota.operationsPerSecond} operations per second`
    },
  },
  ruled: {
    code: "OPERATION_FORBIDDEN",
    check: ({ partition }, { ruled }) => {
      if (ruled !== true || partition.rules?.administration !== undefined) return
      return "the partition has no rule by which its officers decide this together"
    },
  },
  approvals: {
    code: "APPROVAL_REQUIRED",
    check: (question, row) => {
      const verdict = judge(question, row)
      return verdict.outcome === "met" ? undefined : describeVerdict(verdict)
    },
  },
} as const satisfies Record<string, Rule>
export type RuleId = keyof typeof rules

/** The algorithm itself, where it is old. */
function legacyOf(algorithm: KeyAlgorithmId | undefined): KeyAlgorithmId | undefined {
  return algorithm && keyAlgorithm(algorithm).status === "legacy" ? algorithm : undefined
}

/** Sorted by evaluation; exported for documents and tests. */
export const ruleIds = Object.keys(rules) as readonly RuleId[]
const ruleList: readonly (readonly [RuleId, Rule])[] = ruleIds.map((id) => [id, rules[id]])

/** Answers one question: may this caller do this, here, now? Never throws. */
export function decide(question: Question): Decision {
  const row = operation(question.operation)
  const { owner } = question
  const against = objection(question, row)
  // A key that another partition lends: that one has to allow it too.
  const abroad = against ?? (owner && objection({ ...question, partition: owner }, row))
  return abroad ?? { outcome: "allowed", permit: new Permit(question) }
}

/** What the first rule says that has something against it; undefined: none has. */
function objection(question: Question, row: OperationRow): Decision | undefined {
  for (const [rule, { check, code }] of ruleList) {
    const reason = check(question, row)
    if (reason === undefined) continue
    if (rule === "approvals") return undecided(question, row, reason)
    return { outcome: "denied", code, rule, reason }
  }
  return undefined
}

/** Everything else allows it: then it waits for approvals, unless none can ever suffice. */
function undecided(question: Question, row: OperationRow, reason: string): Decision {
  const verdict = judge(question, row)
  const rule = "approvals"
  if (verdict.outcome === "unreachable") {
    return { outcome: "denied", code: "OPERATION_FORBIDDEN", rule, reason }
  }
  return { outcome: "pending", code: "APPROVAL_REQUIRED", rule, reason, verdict }
}

export interface Explanation {
  readonly rule: RuleId
  readonly allows: boolean
  /** Present when the rule denies. */
  readonly reason?: string
}

/** Every rule's verdict, in order, for people; mints nothing. */
export function explain(question: Question): readonly Explanation[] {
  const row = operation(question.operation)
  return ruleList.map(([rule, { check }]) => {
    const reason = check(question, row)
    return reason === undefined ? { rule, allows: true } : { rule, allows: false, reason }
  })
}
