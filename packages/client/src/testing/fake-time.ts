/** An end is inclusive. */
export function isOver(time: string | null | undefined, now: number): boolean {
  return typeof time === 'string' && now >= Date.parse(time)
}

export function iso(at: number): string {
  return new Date(at).toISOString()
}
