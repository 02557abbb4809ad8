/**
 * Validators made from the schemas of api/openapi.yaml. A validator also decodes: where a schema
 * has `x-bytes-max`, the base64 text becomes bytes in place, so nothing below ever sees base64.
 */

import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js"

import { decodeBase64 } from "../../codec/base64.ts"
import { CodecError } from "../../codec/error.ts"
import { pointerTo } from "../../codec/json.ts"
import { propertyName, type Endpoint, type Schema, type Spec } from "./spec.ts"

/**
 * Checks and decodes a value in place.
 *
 * @param at - JSON pointer of the value inside the request, empty for the whole.
 * @throws CodecError that names the first offending field.
 */
export type Validator = (value: unknown, at: string) => void

export interface Validators {
  readonly body: Validator | undefined
  /** Of path, query and headers together, as one object. */
  readonly params: Validator
}

/**
 * Makes validators. Each schema is compiled when it is first used: all of them at the start would
 * take 0.2 s, one takes some milliseconds. Tests check the schemas themselves.
 */
export function createValidators(spec: Spec): (endpoint: Endpoint) => Validators {
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    discriminator: true,
    meta: false,
    validateSchema: false,
  })
  ajv.addVocabulary(["components", "x-closed-by"])
  ajv.addKeyword({
    keyword: "x-bytes-max",
    type: "string",
    schemaType: "number",
    modifying: true,
    errors: true,
    validate: decodeInPlace,
  })
  ajv.addSchema({ $id: documentId, components: { schemas: withoutLengths(spec) } })
  const compile = (schema: object): Validator => {
    let compiled: Validator | undefined
    return (value, at) => {
      compiled ??= validator(ajv.compile(schema))
      compiled(value, at)
    }
  }
  return (endpoint) => ({
    body: endpoint.body === undefined ? undefined : compile(absolute(endpoint.body)),
    params: compile(paramsSchema(endpoint)),
  })
}

const documentId = "keyhold:api"

/**
 * Drops the length of base64 texts: ajv counts code points, one by one, which for a full message
 * costs more than all the rest. The keyword `x-bytes-max` bounds the text before it decodes it.
 */
function withoutLengths({ components: { schemas } }: Spec): Readonly<Record<string, Schema>> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { maxLength, ...schema }]) => {
      const kept = schema["x-bytes-max"] === undefined && maxLength !== undefined
      return [name, kept ? { ...schema, maxLength } : schema]
    }),
  )
}

/** A schema outside the document refers into it by its full address. */
function absolute(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : { ...schema, $ref: `${documentId}${schema.$ref}` }
}

function paramsSchema({ parameters }: Endpoint): Schema {
  return {
    type: "object",
    properties: Object.fromEntries(
      parameters.map(({ name, schema }) => [propertyName(name), absolute(schema)]),
    ),
    required: parameters.filter(({ required }) => required === true).map(({ name }) => name),
    additionalProperties: false,
  }
}

function validator(validate: ValidateFunction): Validator {
  return (value, at) => {
    if (validate(value)) return
    const [error] = validate.errors ?? []
    throw error === undefined ? new CodecError(at, "is malformed") : refusal(error, at)
  }
}

/** What ajv hands to a keyword: where the value came from, so that it can be replaced. */
interface Place {
  readonly parentData: Record<string | number, unknown>
  readonly parentDataProperty: string | number
}

/** Ajv reads `errors` of a keyword's function after a call that answers false. */
const decodeInPlace: {
  (bytesMax: number, text: string, schema?: unknown, place?: Place): boolean
  errors?: Partial<ErrorObject>[]
} = (bytesMax, text, _schema, place) => {
  const bytes = decodeBytes(text, bytesMax)
  if (typeof bytes === "string") {
    decodeInPlace.errors = [{ keyword: "x-bytes-max", message: bytes, params: {} }]
    return false
  }
  if (place !== undefined) place.parentData[place.parentDataProperty] = bytes
  return true
}

/** What stands for a schema with `x-bytes-max`; what is wrong, as text, when it is not that. */
export function decodeBytes(text: string, bytesMax: number): Uint8Array | string {
  if (text.length > base64Length(bytesMax)) return tooLong(bytesMax)
  let bytes
  try {
    bytes = decodeBase64(text, "")
  } catch {
    return "is not strict base64"
  }
  return bytes.length > bytesMax ? tooLong(bytesMax) : bytes
}

/** Characters of so many bytes: RFC 4648 section 4. */
function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4
}

function tooLong(bytesMax: number): string {
  return `is longer than ${bytesMax} bytes`
}

/** Params of ajv's errors, by keyword: those that name the offending part. */
interface Named {
  readonly missingProperty?: string
  readonly additionalProperty?: string
  readonly propertyName?: string
  readonly allowedValues?: readonly unknown[]
  readonly tag?: string
}

/** Names of fields come from the caller: an answer repeats only so much of them. */
const nameLengthMax = 64

/** The JSON pointer to a field whose name the caller chose. */
export function fieldPointer(parent: string, name: string): string {
  return pointerTo(parent, name.slice(0, nameLengthMax))
}

function refusal(error: ErrorObject, at: string): CodecError {
  // Each of ajv's keywords sets its own of these.
  const named = error.params as Named
  const name = named.missingProperty ?? named.additionalProperty ?? named.propertyName ?? named.tag
  const parent = at + error.instancePath
  const field = name === undefined ? parent : fieldPointer(parent, name)
  return new CodecError(field, message(error, named))
}

function message({ keyword, message }: ErrorObject, { allowedValues }: Named): string {
  if (keyword === "required") return "is missing"
  if (keyword === "additionalProperties") return "is unknown"
  if (allowedValues !== undefined) return `must be one of ${allowedValues.join(", ")}`
  return message ?? "is malformed"
}
