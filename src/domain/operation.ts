/**
 * Every operation that Keyhold knows, one row each: who may ask for it and what it needs. The
 * decision function in policy.ts, the audit log and `explain` all read this table.
 */

import type { KeyUsage } from "./algorithms.ts"
import type { KeyState } from "./key.ts"
import type { PartitionFlag } from "./partition.ts"
import type { Role } from "./principal.ts"
import type { KeyRuleName } from "./rule.ts"

export interface OperationRow {
  /** Roles of which the caller must hold one. */
  readonly roles: readonly Role[]
  /** What it acts on; `key` operations are decided against a key's record. */
  readonly target: "key" | "partition" | "cluster"
  /** Changes stored state: refused while the partition is read-only. */
  readonly changes?: true
  /**
   * Reduces what can be done: admitted while blocked, read-only, or when the log is nearly full.
   */
  readonly stopsHarm?: true
  /**
   * Looks, or ends the block: admitted in a blocked partition, so that its officer finds out why.
   */
  readonly whileBlocked?: true
  /** Counts against the partition's operations per second. */
  readonly metered?: true
  /** The partition flag that must be on. */
  readonly flag?: PartitionFlag
  /** The use that the key's attributes must name. */
  readonly usage?: KeyUsage
  /** States the key may be in; absent: any. */
  readonly states?: readonly KeyState[]
  /** Boolean attribute that the key must have. */
  readonly attribute?: "extractable" | "modifiable" | "destroyable" | "trusted"
  /** The rule of the key, or of the partition, that has to be met. */
  readonly rule?: KeyRuleName | "administration"
  /** Only for keys that carry rules. */
  readonly smart?: true
  /** Refused, not free, where there is no such rule. */
  readonly ruled?: true
  /** Officers do it whatever a key's own policy says: it locks nobody out for good. */
  readonly overPolicy?: true
}

const anyone: readonly Role[] = ["user", "manager", "approver", "auditor", "officer"]
const user: readonly Role[] = ["user"]
const asking: readonly Role[] = ["user", "manager", "officer"]
const manager: readonly Role[] = ["manager"]
const officer: readonly Role[] = ["officer"]
const operator: readonly Role[] = ["operator"]
const cluster: readonly Role[] = ["operator", "cluster-officer"]
const administrator: readonly Role[] = ["officer", "cluster-officer"]
const live: readonly KeyState[] = ["active", "disabled"]
/** Keys that are kept, with material or waiting for it. */
const kept: readonly KeyState[] = [...live, "awaiting-material"]

/** Shows what follows from a pair's public half: no rule is about that. */
const show = {
  roles: ["user", "manager"],
  target: "key",
  metered: true,
  flag: "keyUse",
  states: ["active"],
} as const satisfies OperationRow
const use = { ...show, roles: user, rule: "use" } as const satisfies OperationRow
const change = { roles: manager, target: "key", changes: true } as const satisfies OperationRow
/** For keys with rules of their own: whoever uses or keeps keys may ask, the rule decides. */
const smart = {
  ...change,
  roles: asking,
  states: live,
  smart: true,
} as const satisfies OperationRow
const invite = {
  roles: officer,
  target: "partition",
  changes: true,
} as const satisfies OperationRow
const onboard = {
  roles: ["approver"],
  target: "partition",
  changes: true,
  metered: true,
} as const satisfies OperationRow
const govern = {
  roles: administrator,
  target: "partition",
  changes: true,
} as const satisfies OperationRow

export const operations = {
  "key.encrypt": { ...use, usage: "encrypt" },
  "key.decrypt": { ...use, usage: "decrypt" },
  "key.sign": { ...use, usage: "sign" },
  "key.verify": { ...use, usage: "verify" },
  "key.mac": { ...use, usage: "sign" },
  "key.verify-mac": { ...use, usage: "verify" },
  "key.data-key": { ...use, usage: "encrypt" },
  "key.encapsulate": { ...use, usage: "encapsulate" },
  "key.decapsulate": { ...use, usage: "decapsulate" },
  "key.agree": { ...use, usage: "derive" },
  "key.wrap": { ...use, roles: ["user", "manager"], usage: "wrap", attribute: "trusted" },
  "key.unwrap": { ...use, roles: manager, changes: true, flag: "keyImport", usage: "unwrap" },
  "key.derive": { ...use, roles: manager, changes: true, usage: "derive" },
  // A signature over the node's time and a digest; approvals would date from another one.
  "key.timestamp": { ...use, usage: "sign" },
  "key.describe": { roles: anyone, target: "key", whileBlocked: true },
  "key.public": { roles: anyone, target: "key", whileBlocked: true },
  "key.explain": { roles: anyone, target: "key", whileBlocked: true, overPolicy: true },
  "key.read-policy": { roles: anyone, target: "key", whileBlocked: true, overPolicy: true },
  "key.set-policy": {
    ...change,
    roles: ["manager", "officer"],
    states: [...kept, "deleting", "invalidated"],
    attribute: "modifiable",
    rule: "modify",
    overPolicy: true,
  },
  // Which of them are needed no more: for those who keep keys.
  "key.last-use": {
    roles: ["manager", "auditor", "officer"],
    target: "key",
    whileBlocked: true,
  },
  "key.receipt": { roles: ["manager", "auditor", "officer"], target: "key", whileBlocked: true },
  "key.address": show,
  "key.derive-public": show,
  "key.extended-public": { ...use, roles: manager },
  "key.derive-child": { ...change, states: ["active"], usage: "sign", rule: "use" },
  "key.create": { ...change, target: "partition" },
  "key.import": { ...change, target: "partition", flag: "keyImport" },
  "key.replicate": { ...change, states: ["active"], rule: "modify" },
  "key.set-primary": { ...change, states: ["active"], rule: "modify" },
  "key.list": { roles: anyone, target: "partition", whileBlocked: true },
  "key.import-parameters": { ...change, flag: "keyImport", states: kept },
  "key.import-material": { ...change, flag: "keyImport", states: kept },
  "key.delete-material": {
    ...change,
    flag: "keyDestruction",
    states: [...kept, "deleting"],
    attribute: "destroyable",
  },
  "key.update": { ...change, states: kept, attribute: "modifiable", rule: "modify" },
  "key.enable": { ...change, states: live },
  "key.disable": {
    ...change,
    roles: ["manager", "officer"],
    states: live,
    stopsHarm: true,
    overPolicy: true,
  },
  "key.rotate": { ...change, states: ["active"], rule: "modify" },
  "key.delete": { ...change, flag: "keyDestruction", states: kept, attribute: "destroyable" },
  "key.cancel-deletion": { ...change, states: ["deleting"] },
  "key.restore": { ...change, roles: officer, states: ["invalidated"] },
  "key.purge": {
    ...change,
    roles: officer,
    flag: "keyDestruction",
    states: ["invalidated", "deleting"],
  },
  // A grant admits whom the key's maker lets in; its end takes away, and is never in the way.
  "grant.create": { ...change, states: ["active"], rule: "modify" },
  "grant.list": { roles: anyone, target: "key", whileBlocked: true, overPolicy: true },
  "grant.list-retirable": { roles: anyone, target: "partition", whileBlocked: true },
  "grant.retire": { ...change, roles: asking, stopsHarm: true },
  "grant.revoke": { ...change, roles: ["manager", "officer"], stopsHarm: true, overPolicy: true },
  "alias.create": { ...change, states: kept },
  "alias.move": { ...change, states: kept },
  "alias.delete": change,
  "alias.list": { roles: anyone, target: "partition", whileBlocked: true },
  "key.trust": { ...change, roles: officer, states: live, rule: "modify" },
  "key.fast-forward": { ...change, roles: officer, states: live, rule: "modify" },
  "key.block": { ...smart, rule: "block", stopsHarm: true },
  "key.unblock": { ...smart, rule: "unblock" },
  "key.set-rules": { ...smart, roles: ["manager", "officer"], rule: "modify" },
  "key.protect": { ...change, roles: officer, states: live, rule: "administration", ruled: true },
  "key.export-plain": {
    roles: manager,
    target: "key",
    flag: "plainExport",
    states: ["active"],
    attribute: "extractable",
  },
  "key.export-wrapped": {
    roles: manager,
    target: "key",
    flag: "wrappedExport",
    states: ["active"],
    attribute: "extractable",
  },
  // A request or a certificate is signed with the key, as a rule about its use has it.
  "certificate.request": { ...use, roles: ["user", "manager"], usage: "sign" },
  "certificate.self-sign": { ...use, roles: ["user", "manager"], usage: "sign" },
  "certificate.issue": { ...use, usage: "sign" },
  "certificate.read": { roles: anyone, target: "key", whileBlocked: true },
  "certificate.store": { ...change, states: live },
  "certificate.delete": change,
  // What is asked for is decided besides, by its own row.
  "request.create": { roles: asking, target: "partition", metered: true },
  "request.list": { roles: anyone, target: "partition", whileBlocked: true },
  "request.read": { roles: anyone, target: "partition", whileBlocked: true },
  // What counts is an approver's signature, whoever brings it.
  "request.speak": { roles: [...asking, "approver"], target: "partition", metered: true },
  "request.cancel": { roles: asking, target: "partition", stopsHarm: true },
  // Calls that bring their approvals along; what is called is decided besides, by its own row.
  "call.stamp": { roles: asking, target: "partition", metered: true },
  "call.make": { roles: asking, target: "partition", metered: true },
  "data-object.create": { roles: manager, target: "partition", changes: true },
  "data-object.read": { roles: anyone, target: "partition", metered: true },
  "data-object.read-private": { roles: ["user", "manager"], target: "partition", metered: true },
  "data-object.delete": { roles: manager, target: "partition", changes: true },
  "random.generate": { roles: user, target: "partition", metered: true },
  "partition.read": { roles: anyone, target: "partition", whileBlocked: true },
  "partition.update": { roles: officer, target: "partition" },
  "partition.set-rules": {
    roles: officer,
    target: "partition",
    changes: true,
    rule: "administration",
  },
  "webhook.create": { roles: officer, target: "partition", changes: true },
  "webhook.list": { roles: officer, target: "partition", whileBlocked: true },
  "webhook.test": { roles: officer, target: "partition", metered: true },
  "webhook.delete": { roles: officer, target: "partition", changes: true, stopsHarm: true },
  "partition.block": { roles: officer, target: "partition", stopsHarm: true },
  "partition.unblock": { roles: officer, target: "partition", whileBlocked: true },
  "principal.create": govern,
  "principal.list": { roles: administrator, target: "partition", whileBlocked: true },
  "principal.read": { roles: administrator, target: "partition", whileBlocked: true },
  "principal.update": govern,
  "principal.delete": { ...govern, stopsHarm: true },
  "principal.issue-token": govern,
  "principal.issue-access-key": govern,
  "principal.revoke-token": { ...govern, stopsHarm: true },
  "principal.rotate-own-token": {
    roles: [...anyone, ...cluster],
    target: "partition",
  },
  // Approvers whom officers invite; each comes with a one-time code, and brings or gets his key.
  "approver.create": invite,
  "approver.create-with-key": { ...invite, flag: "approverKeys" },
  "approver.renew-code": invite,
  "approver.list": { roles: officer, target: "partition", whileBlocked: true },
  "approver.delete": { ...invite, stopsHarm: true },
  // Who writes a rule may name them: it is written with the keys that they have at that moment.
  "approver.resolve": { roles: asking, target: "partition", whileBlocked: true },
  "approver.onboard": onboard,
  "approver.receive-key": { ...onboard, flag: "approverKeys" },
  "issuer.create": govern,
  "issuer.list": { roles: administrator, target: "partition", whileBlocked: true },
  "issuer.delete": { ...govern, stopsHarm: true },
  "audit.read": {
    roles: ["auditor", "officer", ...cluster],
    target: "partition",
    whileBlocked: true,
  },
  "cluster.create-partition": { roles: operator, target: "cluster", changes: true },
  "cluster.list-partitions": { roles: cluster, target: "cluster" },
  "cluster.read-partition": { roles: cluster, target: "cluster" },
  "cluster.update-partition": { roles: operator, target: "cluster", changes: true },
  "cluster.seal": { roles: cluster, target: "cluster", stopsHarm: true },
  "cluster.shred": { roles: cluster, target: "cluster", stopsHarm: true },
} as const satisfies Record<string, OperationRow>
export type OperationId = keyof typeof operations

/** Looks an operation up without narrowing it to its literal row. */
export function operation(id: OperationId): OperationRow {
  return operations[id]
}

/** Narrows a string that came from outside; undefined when there is no such operation. */
export function parseOperation(text: string): OperationId | undefined {
  return Object.hasOwn(operations, text) ? (text as OperationId) : undefined
}
