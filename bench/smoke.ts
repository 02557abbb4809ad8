/** `npm run bench -- --smoke`: does everything once, briefly, and says what cannot be right. */

import type { Pace } from "./plan.ts"
import type { Row } from "./report.ts"

/** In all some ten seconds. */
export const smokePace: Pace = {
  runs: 1,
  firstWarmMs: 0,
  warmMs: 200,
  measureMs: 1_000,
  primitiveMs: 30,
}

/**
 * Between these, whatever the machine does: a ratio below means that the path has lost its cache or
 * waits for something in every request; one above means that the work was not done.
 */
const bounds = {
  single: { echo: [0.05, 40], primitive: [0.0001, 1.5] },
  batch: { echo: [0.2, 200], primitive: [0.001, 20] },
} as const

/** One line for each ratio that is out of its bounds; also when nothing was measured. */
export function absurdities(rows: readonly Row[]): string[] {
  return rows.flatMap(({ name, items, ratios }) =>
    ratios.flatMap(({ base, by, value }) => {
      const kind = items === 1 ? bounds.single : bounds.batch
      const [least, most] = base === "echo" || base === "nginx" ? kind.echo : kind.primitive
      // Positively, so that NaN fails as well. By the clock a busy disk explains any ratio.
      if (value >= least && (value <= most || by === "wall")) return []
      return [`${name}: ${value} x ${base} is not between ${least} and ${most}`]
    }),
  )
}
