/** What becomes of several uses that go together: each has a result of its own, or a failure. */

/** Instead of a result. */
export class Failed {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

export type Outcome<T> = T | Failed

/** Does one thing for each of `items`; a promise only where one of them is. */
export function each<In, Out>(
  items: readonly In[],
  run: (item: In) => Out | Promise<Out>,
): readonly Outcome<Out>[] | Promise<readonly Outcome<Out>[]> {
  const outcomes = items.map((item) => attempt(() => run(item)))
  const there = outcomes.filter(isThere)
  if (there.length === outcomes.length) return there
  return Promise.all(outcomes.map((one) => Promise.resolve(one)))
}

/** The results by what `render` makes of them; failures stay. */
export function mapResults<In, Out>(
  outcomes: readonly Outcome<In>[],
  render: (result: In) => Out,
): readonly Outcome<Out>[] {
  return outcomes.map((one) => (one instanceof Failed ? one : render(one)))
}

function isThere<T>(one: T | Promise<T>): one is T {
  return !(one instanceof Promise)
}

function attempt<T>(run: () => T | Promise<T>): Outcome<T> | Promise<Outcome<T>> {
  try {
    const result = run()
    return result instanceof Promise ? result.catch(failed) : result
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): Failed {
  return new Failed(error)
}
