/**
 * What the AWS SDK's own model says of the KMS API: its operations, the shapes of their outputs
 * and the exceptions that each of them documents. Read from the package: a newer one is noticed.
 */

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { createRequire } from "node:module"

import { kmsModule, type KmsOutput } from "./aws.ts"

/** `[kind, namespace, name, traits, ...]`; a number is a simple type, a function stands for one. */
type Schema = number | "unit" | readonly unknown[] | (() => Schema)

const structureKind = 3
const operationKind = 9
const exceptionKind = -3
const listOf = 64
const mapOf = 128
/** Of `@smithy/core`'s schemas: what a number stands for, and how `awsJson1_1` writes it. */
const simple: Readonly<Record<number, (value: unknown) => boolean>> = {
  0: (value) => typeof value === "string",
  1: (value) => typeof value === "number",
  2: (value) => typeof value === "boolean",
  4: (value) => typeof value === "number" && value > 1e9 && value < 1e11, // Seconds, not ms.
  21: (value) =>
    typeof value === "string" && Buffer.from(value, "base64").toString("base64") === value,
}

const schemas = Object.entries(kmsModule).flatMap(([name, value]) =>
  name.endsWith("$") && Array.isArray(value) ? [value as readonly unknown[]] : [],
)
const named = (kind: number): readonly (readonly unknown[])[] =>
  schemas.filter(
    ([of, space]) => of === kind && space !== "smithy.ts.sdk.synthetic.com.amazonaws.kms",
  )

/** Names of all operations. */
export const modelOperations: readonly string[] = named(operationKind).map(([, , name]) =>
  String(name),
)

/** Names of all exceptions. */
export const modelExceptions: readonly string[] = named(exceptionKind)
  .map(([, , name]) => String(name))
  .filter((name) => name !== "KMSServiceException")

const types = join(
  dirname(createRequire(import.meta.url).resolve("@aws-sdk/client-kms")),
  "../dist-types/commands",
)

/** Documented nowhere, and answered by every operation of every service of AWS. */
const common = [
  "AccessDeniedException",
  "ThrottlingException",
  "UnrecognizedClientException",
  "ValidationException",
]

/** The exceptions that an operation's documentation names, and those that it leaves out. */
export function documentedExceptions(operation: string): readonly string[] {
  const text = readFileSync(join(types, `${operation}Command.d.ts`), "utf8")
  const found = [...text.matchAll(/@throws \{@link (?<name>\w+)\}/g)]
  assert.ok(found.length > 1, `${operation} documents exceptions`)
  return [...common, ...found.map(({ groups }) => groups?.["name"] ?? "")]
}

/** Members of an operation's input. */
export function inputMembers(operation: string): readonly string[] {
  return membersOf(schemaOf(operation)[4]).map(([name]) => name)
}

/**
 * Fails for an answer, as it came, that has a member that the model does not have, or of another
 * type.
 *
 * @param needed - members that this very answer has to have.
 */
export function checkAnswer(operation: string, body: string, needed: readonly string[]): void {
  const schema = resolved(schemaOf(operation)[5] as Schema)
  if (schema === "unit") {
    assert.deepEqual([body, needed], ["", []], operation)
    return
  }
  const output = JSON.parse(body) as KmsOutput
  check(schema, output, operation)
  for (const name of needed) assert.notEqual(output[name], undefined, `${operation} has ${name}`)
}

function schemaOf(operation: string): readonly unknown[] {
  const found = named(operationKind).find(([, , name]) => name === operation)
  assert.ok(found !== undefined, operation)
  return found
}

function membersOf(schema: unknown): readonly (readonly [string, Schema])[] {
  const [kind, , , , names, types] = resolved(schema as Schema) as readonly unknown[]
  assert.equal(kind, structureKind)
  return (names as readonly string[]).map((name, at) => [
    name,
    (types as readonly Schema[])[at] ?? 0,
  ])
}

function resolved(schema: Schema): Schema {
  if (typeof schema === "function") return resolved(schema())
  // A simple type or a member with traits of its own.
  if (typeof schema === "object" && schema[0] === 0) return resolved(schema[4] as Schema)
  if (typeof schema === "object" && typeof schema[0] === "function") {
    return resolved(schema[0] as Schema)
  }
  return schema
}

function check(schema: Schema, value: unknown, at: string): void {
  const found = resolved(schema)
  if (typeof found === "number") {
    checkNumbered(found, value, at)
    return
  }
  assert.ok(typeof found === "object", at)
  const [kind, , , , item] = found
  if (kind === 1) {
    checkList(item as Schema, value, at)
    return
  }
  assert.equal(kind, structureKind, at)
  const members = new Map(membersOf(found))
  for (const [name, one] of Object.entries(value as object)) {
    const member = members.get(name)
    assert.ok(member !== undefined, `${at} has no member ${name} in the model`)
    if (one !== undefined) check(member, one, `${at}.${name}`)
  }
}

function checkNumbered(type: number, value: unknown, at: string): void {
  if (type >= mapOf) {
    for (const one of Object.values(value as object)) checkNumbered(type - mapOf, one, at)
  } else if (type >= listOf) {
    checkList(type - listOf, value, at)
  } else {
    assert.ok(simple[type]?.(value) === true, `${at} is of type ${type}: ${String(value)}`)
  }
}

function checkList(item: Schema, value: unknown, at: string): void {
  assert.ok(Array.isArray(value), at)
  for (const one of value) check(item, one, `${at}[]`)
}
