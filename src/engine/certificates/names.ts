/** Names in certificates: a subject as people write it, and the alternative names. */

import "reflect-metadata"
import { isIP } from "node:net"
import { Name, SubjectAlternativeNameExtension } from "@peculiar/x509"

import type { AlternativeNames } from "../../domain/certificate.ts"
import { limits } from "../../domain/limits.ts"
import { malformed } from "../malformed.ts"

type Form = "utf8String" | "printableString" | "ia5String"
/** One attribute, by its object identifier. */
type Attribute = Record<string, Partial<Record<Form, string>>[]>

/** RFC 4519 and RFC 5280 appendix A.1; the string that each is written as. */
const attributes: Readonly<Record<string, readonly [oid: string, form: Form]>> = {
  CN: ["2.5.4.3", "utf8String"],
  SERIALNUMBER: ["2.5.4.5", "printableString"],
  C: ["2.5.4.6", "printableString"],
  L: ["2.5.4.7", "utf8String"],
  ST: ["2.5.4.8", "utf8String"],
  STREET: ["2.5.4.9", "utf8String"],
  O: ["2.5.4.10", "utf8String"],
  OU: ["2.5.4.11", "utf8String"],
  ORGANIZATIONIDENTIFIER: ["2.5.4.97", "utf8String"],
  UID: ["0.9.2342.19200300.100.1.1", "utf8String"],
  DC: ["0.9.2342.19200300.100.1.25", "ia5String"],
  T: ["2.5.4.12", "utf8String"],
  SN: ["2.5.4.4", "utf8String"],
  GN: ["2.5.4.42", "utf8String"],
  INITIALS: ["2.5.4.43", "utf8String"],
  GENERATIONQUALIFIER: ["2.5.4.44", "utf8String"],
  PSEUDONYM: ["2.5.4.65", "utf8String"],
  E: ["1.2.840.113549.1.9.1", "ia5String"],
}
const characters = {
  utf8String: /^\P{Cc}+$/u,
  printableString: /^[A-Za-z0-9 '()+,./:=?-]+$/,
  ia5String: /^[ -~]+$/,
} as const

/** A value ends before a comma or a plus sign without a backslash before it. */
const part = /\s*([A-Za-z]+)=((?:[^\\,+]|\\.)*)(,|$)/uy

/**
 * Reads a subject such as `CN=shop.example,O=Example AG,C=CH`, in the order in which it is written;
 * a backslash takes a comma's or plus sign's meaning away. An empty text is the empty subject.
 *
 * @returns a Name, DER. @throws HsmError MALFORMED_REQUEST, field `/subject`.
 */
export function encodeSubject(text: string): Uint8Array {
  const names: Attribute[] = []
  part.lastIndex = 0
  for (let at = 0; at < text.length; at = part.lastIndex) {
    part.lastIndex = at
    const [whole, type = "", escaped = "", end] = part.exec(text) ?? []
    if (whole === undefined) throw malformed("/subject", "has the form CN=name,O=organisation,C=CH")
    if (end === "," && part.lastIndex === text.length) throw malformed("/subject", "ends early")
    names.push(attributeOf(type, escaped.replaceAll(/\\(.)/gu, "$1").trim()))
  }
  return new Uint8Array(new Name(names).toArrayBuffer())
}

function attributeOf(type: string, value: string): Attribute {
  const [oid, form] = attributes[type.toUpperCase()] ?? []
  if (oid === undefined || form === undefined) {
    throw malformed("/subject", `knows ${Object.keys(attributes).join(", ")}, not ${type}`)
  }
  const country = oid === attributes["C"]?.[0]
  if (!characters[form].test(value) || (country && !/^[A-Z]{2}$/.test(value))) {
    throw malformed("/subject", `${type} has no such value`)
  }
  if (value.length > limits.subjectValueLengthMax) {
    throw malformed("/subject", `a value has at most ${limits.subjectValueLengthMax} characters`)
  }
  return { [oid]: [{ [form]: value }] }
}

const dnsLabel = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
const dnsName = new RegExp(`^(?:\\*\\.)?${dnsLabel}(?:\\.${dnsLabel})*$`)

/** Per kind: its name in the library, and what it has to look like. */
const kinds = {
  dns: ["dns", (text) => text.length <= 253 && dnsName.test(text)],
  ip: ["ip", (text) => isIP(text) !== 0 && !text.includes("%")],
  email: ["email", (text) => /^[!-?A-~]+@[!-?A-~]+$/.test(text)],
  uri: ["url", (text) => /^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(text) && URL.canParse(text)],
} as const satisfies Record<keyof AlternativeNames, readonly [string, (text: string) => boolean]>

/**
 * The extension of alternative names, DER; undefined when there are none.
 *
 * @param critical - where there is no subject besides, RFC 5280 section 4.2.1.6.
 * @throws HsmError MALFORMED_REQUEST, field `/names/...`.
 */
export function encodeNames(names: AlternativeNames, critical: boolean): Uint8Array | undefined {
  const found = (["dns", "ip", "email", "uri"] as const).flatMap((kind) => {
    const [type, isOne] = kinds[kind]
    return (names[kind] ?? []).map((value) => {
      if (!isOne(value)) throw malformed(`/names/${kind}`, `is no name of the kind ${kind}`)
      return { type, value }
    })
  })
  if (found.length === 0) return undefined
  if (found.length > limits.alternativeNamesMax) {
    throw malformed("/names", `there are at most ${limits.alternativeNamesMax}`)
  }
  return new Uint8Array(new SubjectAlternativeNameExtension(found, critical).rawData)
}
