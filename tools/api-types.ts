/** JSON Schema to TypeScript: an interface for each object, its descriptions and bounds as text. */

import { refName, type Schema } from "../src/faces/rest/spec.ts"

type Schemas = Readonly<Record<string, Schema>>

/** Whose types: the wire's, or those behind the validator. */
export interface Dialect {
  /** What a base64 string is to the reader of these types. */
  readonly bytes: "string" | "Uint8Array"
  /** What an optional property may be besides absent: what a parser made is never undefined. */
  readonly absent: "" | " | undefined"
  readonly schemas: Schemas
}

/** `export interface Name { ... }`, or a type for what is no object. */
export function declare(dialect: Dialect, name: string, schema: Schema): string {
  const head = comment(schema, "")
  const body = typeOf(dialect, schema, "")
  if (body.startsWith("{")) return `${head}export interface ${name} ${body}\n`
  return `${head}export type ${name} =${body.startsWith("\n") ? "" : " "}${body}\n`
}

/** The type of a schema, its further lines indented by `indent`. */
export function typeOf(dialect: Dialect, schema: Schema, indent: string): string {
  const inner = schema.$ref === undefined ? undefined : dialect.schemas[refName(schema.$ref)]
  if (inner !== undefined && isBytes(inner)) return dialect.bytes
  if (schema.$ref !== undefined) return refName(schema.$ref)
  if (isBytes(schema)) return dialect.bytes
  if (schema.oneOf !== undefined && schema.properties === undefined) {
    return union(
      schema.oneOf.map((one) => typeOf(dialect, one, `${indent}  `)),
      indent,
    )
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined)
    return union(
      schema.enum.map((one) => JSON.stringify(one)),
      indent,
    )
  if (Array.isArray(schema.type)) return schema.type.map(primitive).join(" | ")
  if (schema.type === "array") return `readonly ${item(dialect, schema.items ?? {}, indent)}[]`
  if (schema.type === "object") return object(dialect, schema, indent)
  return primitive(String(schema.type))
}

/** A base64 string. */
export function isBytes(schema: Schema): boolean {
  return schema["x-bytes-max"] !== undefined
}

/** A doc comment from the description and the bounds; empty when there is nothing to say. */
export function comment(schema: Schema, indent: string): string {
  const words = [schema.description ?? "", bounds(schema)].join(" ").trim().split(/\s+/)
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    const longer = last === undefined ? word : `${last} ${word}`
    if (last !== undefined && longer.length + indent.length <= 92) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  if (lines.length > 1) {
    return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`
  }
  return lines[0] === "" ? "" : `${indent}/** ${lines[0] ?? ""} */\n`
}

function bounds(schema: Schema): string {
  const { minimum, maximum, maxItems } = schema
  const bytesMax = schema["x-bytes-max"]
  if (bytesMax !== undefined) return `Base64, at most ${bytesMax} bytes.`
  if (maximum !== undefined) return `${minimum ?? 0} to ${maximum}.`
  if (maxItems !== undefined) return `At most ${maxItems}.`
  return ""
}

function object(dialect: Dialect, schema: Schema, indent: string): string {
  const { properties, additionalProperties } = schema
  if (properties === undefined && typeof additionalProperties === "object") {
    return `Readonly<Record<string, ${typeOf(dialect, additionalProperties, indent)}>>`
  }
  const deeper = `${indent}  `
  const lines = Object.entries(properties ?? {}).map(([name, property]) => {
    const optional = schema.required?.includes(name) !== true && property.const === undefined
    const type = typeOf(dialect, property, deeper)
    const said = comment({ ...refBounds(dialect, property), ...property }, deeper)
    return `${said}${deeper}readonly ${quoted(name)}${optional ? "?" : ""}: ${type}${
      optional ? dialect.absent : ""
    }\n`
  })
  if (additionalProperties === true) lines.push(`${deeper}readonly [name: string]: unknown\n`)
  return lines.length === 0 ? "Readonly<Record<string, never>>" : `{\n${lines.join("")}${indent}}`
}

/** Bytes lose their name, so their bounds and description move to where they are used. */
function refBounds(dialect: Dialect, schema: Schema): Schema {
  const inner = schema.$ref === undefined ? undefined : dialect.schemas[refName(schema.$ref)]
  return inner !== undefined && isBytes(inner) ? inner : {}
}

function item(dialect: Dialect, schema: Schema, indent: string): string {
  const type = typeOf(dialect, schema, indent)
  return /^[\w]+$|^\{/.test(type) ? type : `(${type})`
}

function union(members: readonly string[], indent: string): string {
  const line = members.join(" | ")
  if (line.length <= 60) return line
  return `\n${members.map((one) => `${indent}  | ${one}`).join("\n")}`
}

function primitive(type: string): string {
  return type === "integer" ? "number" : type
}

function quoted(name: string): string {
  return /^\w+$/.test(name) ? name : JSON.stringify(name)
}
