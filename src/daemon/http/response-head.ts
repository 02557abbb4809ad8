/** Heads of answers as text: what many answers share is written once. */

import assert from "node:assert/strict"
import { STATUS_CODES } from "node:http"

import type { FaceReply } from "../../faces/message.ts"
import { strictTransport } from "./exchange.ts"

/** By the object in which a face keeps its headers; most faces have one per kind of answer. */
const known = new WeakMap<FaceReply["headers"], string>()

const statusLines = new Map<number, string>()

/** Everything up to the empty line but what differs from answer to answer. */
export function headText(status: number, headers: FaceReply["headers"]): string {
  return statusLine(status) + headerLines(headers)
}

function statusLine(status: number): string {
  let line = statusLines.get(status)
  if (line === undefined) {
    line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`
    statusLines.set(status, line)
  }
  return line
}

function headerLines(headers: FaceReply["headers"]): string {
  let lines = known.get(headers)
  if (lines === undefined) {
    lines = `strict-transport-security: ${strictTransport}\r\n`
    for (const [name, value] of Object.entries(headers)) {
      assert(isHeader(name, value), "a face wrote a header that would be two")
      lines += `${name}: ${value}\r\n`
    }
    known.set(headers, lines)
  }
  return lines
}

/** RFC 9110 sections 5.1 and 5.5. */
function isHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
}

let dateSecond = 0
let dateLine = ""

/** RFC 9110 section 6.6.1; made once per second. */
export function dateHeader(nowMs: number): string {
  const second = Math.floor(nowMs / 1_000)
  if (second !== dateSecond) {
    dateSecond = second
    dateLine = `date: ${new Date(second * 1_000).toUTCString()}\r\n`
  }
  return dateLine
}
