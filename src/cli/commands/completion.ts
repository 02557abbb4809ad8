/** `keyhold completion bash|zsh|fish`: made from the command table, so it is never behind. */

import type { Command, OptionRow } from "../command.ts"
import { globalOptions } from "../program.ts"

const shells = {
  bash: 'eval "$(keyhold completion bash)"',
  zsh: 'eval "$(keyhold completion zsh)"',
  fish: "keyhold completion fish | source",
} as const
type Shell = keyof typeof shells

// The keys of the record are the type's members.
export const completionCommands = (Object.keys(shells) as Shell[]).map((shell): Command => ({
  usage: `completion ${shell}`,
  summary: `Print a completion script for ${shell}`,
  example: shells[shell],
  async run({ out }) {
    // Loaded here: the table of groups names this file.
    const { loadCommands } = await import("../groups.ts")
    await out.text(writers[shell](completions(await loadCommands(undefined))))
  },
}))

/** What may follow the words so far. */
interface Completion {
  /** `keyhold`'s words up to here: `key create`, or nothing. */
  readonly words: string
  readonly candidates: readonly string[]
}

/** Every sequence of words and what may follow it. */
export function completions(commands: readonly Command[]): readonly Completion[] {
  const following = new Map<string, Set<string>>()
  const add = (words: string, candidates: readonly string[]) => {
    const known = following.get(words) ?? new Set()
    for (const candidate of candidates) known.add(candidate)
    following.set(words, known)
  }
  for (const { usage, options = [], required = [] } of commands) {
    const words = usage.split(" ").filter((word) => !/^[<[]/.test(word))
    words.forEach((word, index) => add(words.slice(0, index).join(" "), [word]))
    add(words.join(" "), [...required, ...options, ...globalOptions].map(longFlag))
  }
  add("", ["dev", "init", "serve", "--help"])
  return [...following].map(([words, candidates]) => ({
    words,
    candidates: [...candidates].toSorted(),
  }))
}

function longFlag([flags]: OptionRow): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? ""
}

const writers: Readonly<Record<Shell, (all: readonly Completion[]) => string>> = {
  bash: writeBash,
  zsh: (all) => `autoload -U +X bashcompinit && bashcompinit\n${writeBash(all)}`,
  fish: writeFish,
}

/** Words that begin with a letter, up to the first that is no command's, pick the case. */
function writeBash(all: readonly Completion[]): string {
  const cases = all.map(
    ({ words, candidates }) => `    "${words}") list="${candidates.join(" ")}" ;;`,
  )
  return `_keyhold() {
  local words="" word next list=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${words:+$words }$word"
    case "$next" in
${all
  .map(({ words }) => words)
  .filter((words) => words !== "")
  .map((words) => `      "${words}")`)
  .join(" words=$next ;;\n")} words=$next ;;
    esac
  done
  case "$words" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$list" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _keyhold keyhold
`
}

function writeFish(all: readonly Completion[]): string {
  const lines = all.flatMap(({ words, candidates }) => {
    const seen = words.split(" ").filter((word) => word !== "")
    const begun =
      seen.length === 0
        ? "__fish_use_subcommand"
        : seen.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ")
    return candidates.map((candidate) =>
      candidate.startsWith("--")
        ? `complete -c keyhold -n '${begun}' -l ${candidate.slice(2)}`
        : `complete -c keyhold -n '${begun}' -a ${candidate}`,
    )
  })
  return `${lines.join("\n")}\n`
}
