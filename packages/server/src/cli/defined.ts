type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }

/** Only the fields that were given: to leave one out and to send nothing for it are two things. */
export function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  // What was filtered away is all that the type takes away.
  return Object.fromEntries(given) as Defined<Fields>
}
