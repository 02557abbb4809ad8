/** What a tidy rule looks at: the files of the clone, and their code without comments and texts. */
import { globSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"

export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string
  readonly text: string
}

export interface Rule {
  /** A sentence that holds for tidy files. */
  readonly name: string
  readonly why: string
  /** One line per violation, beginning with the path; empty when all is tidy. */
  readonly check: (files: readonly SourceFile[]) => string[]
}

const patterns = [
  "{bin,src,test,tools,packages,bench,examples}/**/*.{ts,mjs}",
  "{docs,src,test,tools,packages,bench,examples,clients}/**/*.md",
  "*.md",
]

/** Reads every file that a rule may look at, in a stable order. */
export function readTree(root: string): SourceFile[] {
  return globSync(patterns, { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
}

export const isCode = (file: SourceFile): boolean => /\.(ts|mjs)$/.test(file.path)
export const isDocument = (file: SourceFile): boolean => file.path.endsWith(".md")
export const isTest = (file: SourceFile): boolean => file.path.endsWith(".test.ts")
export const isServer = (file: SourceFile): boolean => isCode(file) && file.path.startsWith("src/")

/** Matches of `pattern` (global) in a text, as `path:line: match`. */
export function findAll(path: string, text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length
    return `${path}:${line}: ${match[0].trim()}`
  })
}

/**
 * Tokens that may contain anything: comments, texts, templates without nested templates, and
 * regular expressions where an operator or an opening bracket stands before them.
 */
const opaque = new RegExp(
  [
    String.raw`//[^\n]*|/\*[\s\S]*?\*/`,
    String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`,
    "`(?:\\\\.|\\$\\{(?:[^`{}]|`[^`]*`|\\{[^}]*\\})*\\}|[^`\\\\])*`",
    String.raw`(?<=[(,=:[!&|?{;>]\s*|return\s)/(?![*/])` +
      String.raw`(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+/\w*`,
  ].join("|"),
  "g",
)

/** The code alone: comments and texts become blanks, lines and columns stay where they are. */
export function codeOf(file: SourceFile): string {
  return file.text.replaceAll(opaque, (token) => token.replaceAll(/[^\n]/g, " "))
}

const importStatement = /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)"/gm
const importCall = /\bimport\("([^"]+)"\)|\bnew URL\("(\.[^"]+\.ts)", import\.meta\.url\)/g

/** What a file imports: paths relative to the root for its own files, else the specifier. */
export function importsOf(file: SourceFile): string[] {
  const found = [...file.text.matchAll(importStatement), ...file.text.matchAll(importCall)]
  return found.map((match) => {
    const specifier = match[1] ?? match[2] ?? ""
    if (specifier === "@keyhold/sdk") return "packages/sdk/src/index.ts"
    if (!specifier.startsWith(".")) return specifier
    return posix.join(posix.dirname(file.path), specifier)
  })
}
