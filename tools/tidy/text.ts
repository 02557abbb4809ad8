/** Rules on the text of code and documents: columns, banned calls, words, titles, links. */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Rule, SourceFile } from "./source.ts"
import { codeOf, findAll, isCode, isDocument, isServer, isTest } from "./source.ts"

const root = join(import.meta.dirname, "../..")
const columnsMax = 100

/** Matches of a pattern in the code (not in comments and texts) of the files that `where` picks. */
function inCode(where: (file: SourceFile) => boolean, pattern: RegExp): Rule["check"] {
  return (files) => files.filter(where).flatMap((file) => findAll(file.path, codeOf(file), pattern))
}

const isGenerated = (file: SourceFile): boolean => file.path.endsWith(".generated.ts")
const isIn = (file: SourceFile, ...folders: readonly string[]): boolean =>
  folders.some((folder) => file.path.startsWith(`src/${folder}/`))

/** `node:crypto` functions that touch secret keys. */
const secretKeyFunctions = new RegExp(
  String.raw`\b(create(Cipheriv|Decipheriv|Hmac|SecretKey|PrivateKey|Sign|ECDH)|generateKey\w*` +
    String.raw`|hkdf(Sync)?|diffieHellman|argon2(Sync)?|(en|de)capsulate|privateDecrypt)\s*\(`,
  "g",
)
/** `sign` is a common word: only where it comes from node:crypto. */
const importedSign = /import \{[^}]*\bsign\b[^}]*\} from "node:crypto"/g

export const textRules: readonly Rule[] = [
  {
    name: `a line has at most ${columnsMax} columns`,
    why: "two files side by side fit on a screen",
    check: (files) =>
      files
        .filter((file) => isCode(file) && !isGenerated(file))
        .flatMap(({ path, text }) =>
          text.split("\n").flatMap((line, index) => {
            return line.length > columnsMax ? [`${path}:${index + 1}: too long`] : []
          }),
        ),
  },
  {
    name: "time, randomness and output come as ports",
    why: "what reads the clock or draws by itself cannot be tested by seed, nor stopped",
    check: inCode(
      (file) => isServer(file) && !isIn(file, "daemon", "cli"),
      /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bconsole\.\w+|\bperformance\.now\b/g,
    ),
  },
  {
    name: "base64 and hex are decoded strictly",
    why: "a lenient decoder signs or opens something that the caller did not send",
    check: (files) =>
      files
        .filter((file) => isCode(file) && (isServer(file) || file.path.startsWith("packages/")))
        // Where strictness lives: it compares what it decoded with the text.
        .filter(({ path }) => path !== "src/codec/base64.ts")
        .flatMap(({ path, text }) => {
          const lenient = /Buffer\.from\([^()]*(\([^()]*\)[^()]*)*, *"(base64|base64url|hex)"\)/g
          return findAll(path, text, lenient)
        }),
  },
  {
    name: "only engine and sealing touch secret keys",
    why: "who audits the handling of key bytes reads two folders",
    check: (files) => {
      const others = files.filter((file) => isServer(file) && !isIn(file, "engine", "sealing"))
      return others.flatMap((file) => {
        if (!file.text.includes('"node:crypto"')) return []
        return [
          ...findAll(file.path, codeOf(file), secretKeyFunctions),
          ...findAll(file.path, file.text, importedSign),
        ]
      })
    },
  },
  {
    name: "identifiers use the words of the glossary",
    why: "one word per thing: it is a partition",
    check: inCode(isServer, /\b\w*(?:[tT]enant|[nN]amespace|[vV]ault)\w*\b/g),
  },
  {
    name: "nothing is left to do",
    why: "an open point belongs in an issue, where it is seen",
    check: (files) =>
      files.filter(isCode).flatMap(({ path, text }) =>
        // Written so that this line does not find itself.
        findAll(path, text, /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/g),
      ),
  },
  {
    name: "every test runs",
    why: "a skipped test passes for ever",
    check: inCode(isTest, /\b(?:test|it|describe|suite|t)\.(?:only|skip|todo)\(/g),
  },
  {
    name: "a document has exactly one title",
    why: "one document, one job",
    check: (files) =>
      files.filter(isDocument).flatMap(({ path, text }) => {
        const titles = proseOf(text).match(/^# /gm)?.length ?? 0
        return titles === 1 ? [] : [`${path}: ${titles} titles`]
      }),
  },
  {
    name: "relative links of documents resolve",
    why: "a reader who meets one dead link stops following the others",
    check: (files) => files.filter(isDocument).flatMap(findDeadLinks),
  },
]

/** A document without its fenced blocks and inline code. */
function proseOf(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "")
}

function findDeadLinks({ path, text }: SourceFile): string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
    .map((match) => match[1] ?? "")
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => !existsSync(join(root, dirname(path), link)))
    .map((link) => `${path}: ${link} does not exist`)
}
