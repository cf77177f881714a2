/// Where an object's state was looked for, there is a grave. Thrown, so that what is rare costs all else nothing.
@usableFromInline
struct GraveFound: Error {
  @usableFromInline
  init() {}
}
