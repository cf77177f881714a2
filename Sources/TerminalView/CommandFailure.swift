/// What the process ends with.
package enum ExitStatus: Int32, Sendable {
  case done = 0
  case foundFault = 1
  /// Or no broker answers, or the result cannot be written.
  case wrongUsage = 2
  /// Who read standard output has gone before all was printed: what a shell says of a program that SIGPIPE ended.
  case readerGone = 141
}

/// Ends the program with a paragraph on standard error: what was expected, what was found, where, and the cure.
package struct CommandFailure: Error, CustomStringConvertible {
  package let status: ExitStatus
  /// Empty when all has been said already.
  package let description: String

  package init(_ description: String, status: ExitStatus = .wrongUsage) {
    self.status = status
    self.description = description
  }

  /// A fault was found and has been reported.
  package static let reportedFault = CommandFailure("", status: .foundFault)
  /// Wrong usage has been reported.
  package static let reportedWrongUsage = CommandFailure("", status: .wrongUsage)
}
