/// Why it cannot be told who may do what: one or more sentences with the place, what was expected, what is, and what to do.
/// None of them shows the text of a file.
public struct AccessFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentences, each on a line.
  public let description: String

  init(_ description: String) { self.description = description }
}
