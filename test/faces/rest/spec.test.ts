/** api/openapi.yaml against the domain that it describes. */

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

import { CodecError } from "../../../src/codec/error.ts"
import { keyAlgorithms, keyUsages, mechanisms, rsaHashes } from "../../../src/domain/algorithms.ts"
import { auditOutcomes } from "../../../src/domain/audit-event.ts"
import { chainNetworks, chains } from "../../../src/domain/chains.ts"
import { errorCodes } from "../../../src/domain/errors.ts"
import { keyStates } from "../../../src/domain/key.ts"
import { limits } from "../../../src/domain/limits.ts"
import { operations, parseOperation, operation as rowOf } from "../../../src/domain/operation.ts"
import { defaultFlags, defaultQuota } from "../../../src/domain/partition.ts"
import { roles } from "../../../src/domain/principal.ts"
import { signatureEncodings } from "../../../src/engine/ecdsa.ts"
import { messageTypes } from "../../../src/engine/provider.ts"
import type { Schema } from "../../../src/faces/rest/spec.ts"
import { generateApi } from "../../../tools/generate-api.ts"
import { api, assertForm, deref, endpoints, spec, specText } from "./fixture.ts"

const { schemas, parameters } = spec.components

test("roles and metering of every operation are the domain's", () => {
  for (const { id, operation } of endpoints) {
    for (const name of [operation["x-operation"] ?? []].flat()) {
      const known = parseOperation(name)
      assert.ok(known !== undefined, `${id}: ${name}`)
      const row = rowOf(known)
      assert.deepEqual(operation["x-roles"], row.roles, id)
      assert.equal(operation["x-metered"] === true, row.metered === true, id)
    }
  }
})

/** Wrapping is done by export; the rest is of AWS's dialect, or of the TSB's. */
const elsewhere = [
  "key.wrap",
  "key.read-policy",
  "key.set-policy",
  "grant.create",
  "grant.list",
  "grant.list-retirable",
  "grant.retire",
  "grant.revoke",
  "alias.create",
  "alias.move",
  "alias.delete",
  "alias.list",
  "key.import-parameters",
  "key.import-material",
  "key.delete-material",
  "key.replicate",
  "key.set-primary",
  "data-object.create",
  "data-object.read",
  "data-object.read-private",
  "data-object.delete",
  "approver.create-with-key",
  "approver.resolve",
  "approver.onboard",
  "approver.receive-key",
]

test("every operation of the domain is behind an endpoint, but those of other dialects", () => {
  const reached = endpoints.flatMap(({ operation }) => operation["x-operation"] ?? [])
  const expected = Object.keys(operations).filter((name) => !elsewhere.includes(name))
  assert.deepEqual([...new Set(reached)].toSorted(), expected.toSorted())
})

test("a caller is needed exactly where roles are named", () => {
  for (const { id, operation } of endpoints) {
    const open = (operation as { readonly security?: unknown }).security !== undefined
    assert.equal(open, operation["x-roles"] === undefined, id)
  }
})

test("every list of words is the domain's", () => {
  const lists: Readonly<Record<string, readonly string[]>> = {
    KeyAlgorithm: Object.keys(keyAlgorithms),
    Mechanism: Object.keys(mechanisms),
    KeyState: keyStates,
    KeyUsage: keyUsages,
    Role: roles,
    ErrorCode: errorCodes,
    Chain: Object.keys(chains),
    Network: chainNetworks,
    MgfHash: rsaHashes,
    MessageType: messageTypes,
    SignatureEncoding: signatureEncodings,
    Operation: Object.keys(operations),
  }
  for (const [name, words] of Object.entries(lists))
    assert.deepEqual(schemas[name]?.enum, words, name)
  assert.deepEqual(property("AuditRecord", "outcome").enum, auditOutcomes)
  assert.deepEqual(schemas["Flags"]?.required, Object.keys(defaultFlags))
  assert.deepEqual(schemas["Quota"]?.required, Object.keys(defaultQuota))
  const batch = endpoints.filter(({ operation }) => operation["x-batch"]).map(({ id }) => id)
  assert.deepEqual(
    (property("BatchOperation", "operation").enum ?? []).map(String).toSorted(),
    batch.toSorted(),
  )
})

test("the bounds are those of domain/limits.ts", () => {
  const day = 86_400_000
  const bounds: readonly (readonly [unknown, number])[] = [
    [schemas["Message"]?.["x-bytes-max"], limits.messageBytesMax],
    [schemas["Document"]?.["x-bytes-max"], limits.signBytesMax],
    [schemas["Aad"]?.["x-bytes-max"], limits.aadBytesMax],
    [schemas["Signature"]?.["x-bytes-max"], limits.signatureBytesMax],
    [schemas["SignatureContext"]?.["x-bytes-max"], limits.contextBytesMax],
    [schemas["SaltLength"]?.maximum, limits.saltLengthMax],
    [schemas["Path"]?.maxLength, limits.pathLengthMax],
    [schemas["Paths"]?.maxItems, limits.pathPatternsMax],
    [property("ImportKeyRequest", "passphrase").maxLength, limits.passphraseLengthMax],
    [schemas["Name"]?.maxLength, limits.nameLengthMax],
    [schemas["KeyRef"]?.maxLength, limits.nameLengthMax],
    [keyword(schemas["Tags"], "maxProperties"), limits.tagsMax],
    [schema("Tags", "additionalProperties").maxLength, limits.tagValueLengthMax],
    [schema("Tags", "propertyNames").maxLength, limits.tagKeyLengthMax],
    [property("RandomRequest", "length").maximum, limits.randomBytesMax],
    [property("BatchRequest", "operations").maxItems, limits.batchItemsMax],
    [property("Key", "versions").maxItems, limits.keyVersionsMax],
    [schemas["Grants"]?.maxItems, limits.grantsMax],
    [schemas["Addresses"]?.maxItems, limits.addressRangesMax],
    [parameters["Limit"]?.schema.maximum, limits.pageSizeMax],
    [keyword(parameters["Limit"]?.schema, "default"), limits.pageSizeDefault],
    [parameters["WindowSeconds"]?.schema.maximum, limits.deletionWindowMaxMs / 1_000],
    [schemas["RotationPeriodSeconds"]?.minimum, limits.rotationPeriodMinMs / 1_000],
    [schemas["RotationPeriodSeconds"]?.maximum, limits.rotationPeriodMaxMs / 1_000],
    [
      property("UpdateKeyRequest", "rotationPeriodSeconds").maximum,
      limits.rotationPeriodMaxMs / 1_000,
    ],
    [property("TokenRequest", "lifeSeconds").maximum, limits.tokenLifeMaxMs / 1_000],
    [property("TokenRequest", "overlapSeconds").maximum, limits.tokenOverlapMaxMs / 1_000],
    [property("SealStatus", "threshold").maximum, limits.sharesMax],
    [limits.rotationPeriodMinMs, day],
  ]
  for (const [index, [written, limit]] of bounds.entries())
    assert.equal(written, limit, `row ${index}`)
})

test("every object is closed, and everything that varies in size has a bound", () => {
  visit(schemas, "", (schema, at) => {
    if (schema.type === "object" && schema["x-closed-by"] === undefined) {
      const map = typeof schema.additionalProperties === "object"
      if (map) assert.ok("maxProperties" in schema, at)
      else if (schema.oneOf === undefined) assert.equal(schema.additionalProperties, false, at)
    }
    const types = [schema.type].flat()
    if (types.includes("array")) assert.ok(schema.maxItems !== undefined, at)
    if (types.includes("integer") && schema.enum === undefined) {
      assert.ok(schema.minimum !== undefined && schema.maximum !== undefined, at)
    }
    if (types.includes("string") && schema.enum === undefined && schema.const === undefined) {
      assert.ok(schema.maxLength !== undefined, at)
    }
    const bytesMax = schema["x-bytes-max"]
    if (bytesMax !== undefined) assert.equal(schema.maxLength, Math.ceil(bytesMax / 3) * 4, at)
  })
})

test("every request and every JSON answer has an example, and each is what it shows", () => {
  for (const { id, body, response, mediaType } of endpoints) {
    const shown = [body, mediaType === "application/json" ? response : undefined]
    for (const schema of shown) {
      if (schema?.$ref === undefined) continue
      const { examples = [] } = deref(schema) as { readonly examples?: readonly unknown[] }
      assert.ok(examples.length > 0, id)
      for (const example of examples) assertForm(schema, example)
    }
  }
  assertForm(
    { $ref: "#/components/schemas/Problem" },
    (schemas["Problem"] as { examples: unknown[] }).examples[0],
  )
})

test("every schema compiles, though only when it is first used", () => {
  for (const { id, check } of api.endpoints) {
    for (const compiled of [check.params, ...(check.body === undefined ? [] : [check.body])]) {
      // What is no object is refused by all of them, and by their own error.
      assert.throws(() => compiled(0, ""), CodecError, id)
    }
  }
})

test("every operation says in words what it does, and may be refused", () => {
  for (const { id, operation } of endpoints) {
    const { summary = "", responses } = operation as typeof operation & {
      readonly summary?: string
    }
    assert.match(summary, /^[A-Z].{2,60}[.?]$/, id)
    if (operation["x-roles"] !== undefined) assert.ok("4XX" in responses && "5XX" in responses, id)
  }
})

test("the generated files are what the document generates", () => {
  for (const [path, text] of Object.entries(generateApi(specText))) {
    const written = readFileSync(join(import.meta.dirname, "../../..", path), "utf8")
    assert.ok(written === text, `${path} is out of date: npm run generate`)
  }
  const other = generateApi(specText.replaceAll("maximum: 4096", "maximum: 4095"))
  assert.notDeepEqual(other, generateApi(specText))
})

function property(name: string, key: string): Schema {
  const found = schemas[name]?.properties?.[key]
  assert.ok(found !== undefined, `${name}.${key}`)
  return found
}

/** A keyword that the reader's own type does not have. */
function keyword(schema: Schema | undefined, name: string): unknown {
  return Object.entries(schema ?? {}).find(([known]) => known === name)?.[1]
}

function schema(name: string, within: string): Schema {
  const found = keyword(schemas[name], within)
  assert.ok(typeof found === "object" && found !== null)
  return found
}

/** Calls `check` for everything in the schemas that has a type. */
function visit(node: unknown, at: string, check: (schema: Schema, at: string) => void): void {
  if (typeof node !== "object" || node === null) return
  if ("type" in node && (typeof node.type === "string" || Array.isArray(node.type))) {
    check(node as Schema, at)
  }
  for (const [name, child] of Object.entries(node)) {
    if (name !== "examples" && name !== "propertyNames") visit(child, `${at}/${name}`, check)
  }
}
