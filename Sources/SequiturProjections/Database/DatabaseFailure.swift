/// What a database did not do, and what follows from that.
public struct DatabaseFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// What follows.
  public enum Kind: Sendable, Hashable {
    /// The connection is gone, or could not be made: connect and try again.
    case connection
    /// Somebody else was in the way: try again.
    case conflict
    /// A value or a constraint: it is the event's own fault, and stays so.
    case data
    /// A table, a column or a right is missing, or the statement is none: somebody must mend that.
    case setup
    /// Anything else, such as a disk that is full: it is tried again, and told.
    case trouble
  }

  public let kind: Kind
  /// SQLSTATE, or the name of SQLite's code; nil where there is none.
  public let code: String?
  /// A sentence without its end; it holds no password.
  public let description: String

  init(_ kind: Kind, code: String?, _ description: String) {
    self.kind = kind
    self.code = code
    self.description = description
  }
}
