/** The conditions of a key policy: operators as rows, and the keys whose values are known here. */

import type { JsonValue } from "../../codec/json.ts"
import { timeOf, type PolicyCondition } from "../../domain/key-policy.ts"
import { parseRange } from "../../identity/address.ts"
import { conditionKey, type ValueKind } from "../../service/kms/condition-keys.ts"
import { listOf, malformed, objectOf } from "./policy-json.ts"

type Operator = Pick<PolicyCondition, "test" | "negated">
const is = (test: PolicyCondition["test"]): Operator => ({ test, negated: false })
const isNot = (test: PolicyCondition["test"]): Operator => ({ test, negated: true })

/** Which operators go with which values; `Null` goes with all. */
const suiting: Readonly<Record<ValueKind, RegExp>> = {
  text: /^(?:String|Arn|Numeric|Bool)/,
  address: /IpAddress$/,
  date: /^Date/,
  epoch: /^(?:Date|Numeric)/,
}

const operators: ReadonlyMap<string, Operator> = new Map([
  ["StringEquals", is("equals")],
  ["StringNotEquals", isNot("equals")],
  ["StringEqualsIgnoreCase", is("equals-ignore-case")],
  ["StringNotEqualsIgnoreCase", isNot("equals-ignore-case")],
  ["StringLike", is("like")],
  ["StringNotLike", isNot("like")],
  ["ArnEquals", is("arn-like")],
  ["ArnLike", is("arn-like")],
  ["ArnNotEquals", isNot("arn-like")],
  ["ArnNotLike", isNot("arn-like")],
  ["NumericEquals", is("same-number")],
  ["NumericNotEquals", isNot("same-number")],
  ["NumericLessThan", is("less")],
  ["NumericLessThanEquals", is("less-or-equal")],
  ["NumericGreaterThan", is("more")],
  ["NumericGreaterThanEquals", is("more-or-equal")],
  ["DateEquals", is("same-time")],
  ["DateNotEquals", isNot("same-time")],
  ["DateLessThan", is("before")],
  ["DateLessThanEquals", is("before-or-at")],
  ["DateGreaterThan", is("after")],
  ["DateGreaterThanEquals", is("after-or-at")],
  ["Bool", is("equals-ignore-case")],
  ["IpAddress", is("in-range")],
  ["NotIpAddress", isNot("in-range")],
  ["Null", is("null")],
])
const operatorPattern = /^(?:For(?<set>All|Any)Values?:)?(?<name>[A-Za-z]+?)(?<exists>IfExists)?$/

/** @throws Fault MalformedPolicyDocumentException. */
export function readConditions(value: JsonValue): readonly PolicyCondition[] {
  return Object.entries(objectOf(value, "Condition")).flatMap(([operator, keys]) =>
    Object.entries(objectOf(keys, operator)).map(([key, values]) =>
      readCondition(operator, key.toLowerCase(), values),
    ),
  )
}

function readCondition(text: string, key: string, values: JsonValue): PolicyCondition {
  const { set, name = "", exists } = operatorPattern.exec(text)?.groups ?? {}
  const operator = operators.get(name)
  if (operator === undefined) throw malformed(`Condition ${text} is not supported.`)
  const ifExists = exists !== undefined
  if (ifExists && name === "Null") throw malformed("Null asks whether there is a value.")
  const known = conditionKey(key)
  if (known === undefined) throw malformed(`Condition key ${key} is not supported.`)
  const needsSet = known.many === true && name !== "Null"
  if (needsSet !== (set !== undefined)) {
    throw malformed(`ForAllValues or ForAnyValue stands before keys of many values: ${key}.`)
  }
  if (name !== "Null" && !suiting[known.kind].test(name)) {
    throw malformed(`${text} does not go with ${key}.`)
  }
  return {
    ...operator,
    ...(set === undefined ? {} : { quantifier: set === "All" ? "all" : "any" }),
    ifExists,
    key,
    values: readValues(values, name),
  }
}

function readValues(value: JsonValue, operator: string): readonly string[] {
  const values = listOf(value).map((one) => {
    if (one === null || typeof one === "object") throw malformed("A condition's value is a text.")
    return String(one)
  })
  if (values.length === 0) throw malformed("A condition has no value.")
  for (const one of values) checkValue(one, operator)
  return values
}

function checkValue(value: string, operator: string): void {
  if (value.includes("${")) throw malformed("Policy variables are not supported.")
  if (/Like$|^Arn/.test(operator) && value.includes("?")) {
    throw malformed('Only "*" stands for other characters here.')
  }
  if (operator.startsWith("Arn") && value.split(":").length < 6) {
    throw malformed(`${value} is no ARN.`)
  }
  if (operator.endsWith("IpAddress") && parseRange(value) === undefined) {
    throw malformed(`${value} is no address range.`)
  }
  if (operator.startsWith("Date") && !isTime(value)) throw malformed(`${value} is no date.`)
  if (operator.startsWith("Numeric") && !/^-?[0-9]{1,15}$/.test(value)) {
    throw malformed(`${value} is no number.`)
  }
  if (/^(?:Bool|Null)$/.test(operator) && !/^(?:true|false)$/.test(value)) {
    throw malformed(`${operator} is true or false.`)
  }
}

/** Seconds since 1970; a day; or a time of day with its offset from UTC (ISO 8601). */
const [day, clock, offset] = [
  "[0-9]{4}-[0-9]{2}-[0-9]{2}",
  "T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,3})?)?",
  "(?:Z|[+-][0-9]{2}:[0-9]{2})",
]
const timePattern = new RegExp(`^(?:[0-9]{9,11}|${day}(?:${clock}${offset})?)$`)

function isTime(text: string): boolean {
  return timePattern.test(text) && !Number.isNaN(timeOf(text))
}
