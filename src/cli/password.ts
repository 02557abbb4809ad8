/** A custodian's password: from the terminal without echo, or from a file; never from the line. */

import { readFile, stat } from "node:fs/promises"

import { SecretBytes } from "../sealing/custodian.ts"
import type { CliContext } from "./command.ts"
import { CliError } from "./failure.ts"
import type { Input, StandardInput } from "./input.ts"

/** Longer than anybody types. */
const passwordBytesMax = 1024
const key = { interrupt: 0x03, end: 0x04, erase: 0x08, lineFeed: 0x0a, enter: 0x0d, delete: 0x7f }

/** The option of every command that needs a password. */
export const passwordOption = [
  "--password-file <file>",
  "read the password from this file, mode 0600 (else KEYHOLD_PASSWORD_FILE, else it is asked)",
] as const

type Terminal = StandardInput & { setRawMode(raw: boolean): unknown }

/**
 * Reads the password; the caller disposes it.
 *
 * @param prompt - what to ask at the terminal; each is one question, all answers must be equal.
 * @throws {@link CliError} USAGE without file and terminal, or when the answers differ; FILE when
 * others may read the file.
 */
export async function readPassword(
  { stdin, out }: CliContext,
  input: Input,
  prompt: readonly [string, ...string[]],
): Promise<SecretBytes> {
  const file = input.maybe("passwordFile") ?? process.env["KEYHOLD_PASSWORD_FILE"]
  if (file !== undefined) return readPasswordFile(file)
  if (!isTerminal(stdin)) {
    const hint = "name a file with --password-file or KEYHOLD_PASSWORD_FILE"
    throw new CliError("USAGE", "there is no terminal to ask for the password", hint)
  }
  const [first, ...repeats] = prompt
  out.note(first)
  const password = await ask(stdin)
  for (const repeat of repeats) {
    out.note(repeat)
    using again = await ask(stdin)
    if (isSame(password, again)) continue
    password[Symbol.dispose]()
    throw new CliError("USAGE", "the two passwords differ")
  }
  return password
}

async function readPasswordFile(path: string): Promise<SecretBytes> {
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw new CliError("FILE", `others may read ${path}`, `chmod 600 ${path}`)
  }
  const content = await readFile(path)
  let end = content.length
  if (content[end - 1] === key.lineFeed) end -= 1
  if (content[end - 1] === key.enter) end -= 1
  const password = new SecretBytes(Uint8Array.from(content.subarray(0, end)))
  content.fill(0)
  return password
}

function isTerminal(stdin: StandardInput): stdin is Terminal {
  return stdin.isTTY === true && "setRawMode" in stdin
}

/** One line from the terminal, unseen. */
async function ask(terminal: Terminal): Promise<SecretBytes> {
  const typed = new Uint8Array(passwordBytesMax)
  let length = 0
  terminal.setRawMode(true)
  try {
    // Left open: the next question reads on.
    for await (const piece of terminal.iterator({ destroyOnReturn: false })) {
      for (const byte of piece as Uint8Array) {
        if (byte === key.interrupt) throw new CliError("USAGE", "interrupted")
        if (byte === key.enter || byte === key.lineFeed || byte === key.end) {
          return new SecretBytes(typed.slice(0, length))
        }
        if (byte === key.delete || byte === key.erase) length = withoutLast(typed, length)
        else if (length < passwordBytesMax) typed[length++] = byte
      }
    }
    throw new CliError("USAGE", "no password was typed")
  } finally {
    terminal.setRawMode(false)
    terminal.pause() // Or the open terminal would keep the process alive.
    typed.fill(0)
  }
}

/** The length without the last character: UTF-8's continuation bytes belong to it. */
function withoutLast(typed: Uint8Array, length: number): number {
  let end = length - 1
  while (end > 0 && ((typed[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return Math.max(end, 0)
}

function isSame(one: SecretBytes, other: SecretBytes): boolean {
  return one.lend((left) => other.lend((right) => Buffer.compare(left, right) === 0))
}
