/** A name, or a prefix and a final `*`. Case matters; an empty list allows none. */
export function allowsModel(allowed: readonly string[], model: string): boolean {
  return allowed.some((pattern) =>
    pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : pattern === model,
  )
}
