import Foundation

/// Why a program could not be run or did not do what was waited for.
public enum ProgramError: Error, CustomStringConvertible {
  /// A system call failed: its name and `errno`.
  case system(String, Int32)
  /// The program is not where it is built or installed to.
  case notFound(String)
  /// The program did not do it in time: what was waited for, and what it had printed.
  case timedOut(String, ProgramOutput)
  /// The program ended before it did it: what was waited for, and what it had printed.
  case ended(String, ProgramOutput)

  public var description: String {
    switch self {
    case .system(let call, let code):
      "Expected \(call) to succeed, but errno is \(code): \(String(cString: strerror(code)))"
    case .notFound(let what):
      "Expected \(what), but it is not there"
    case .timedOut(let what, let output):
      "Expected \(what) in time, but it did not come; \(output.tail)"
    case .ended(let what, let output):
      "Expected \(what), but the program ended; \(output.tail)"
    }
  }
}

/// How a program ended.
public enum ProgramExit: Sendable, Equatable {
  case code(Int32)
  case signal(Int32)
}

/// What a program printed so far.
public struct ProgramOutput: Sendable, Equatable {
  public let standardOutput: String
  public let standardError: String

  public init(standardOutput: String, standardError: String) {
    self.standardOutput = standardOutput
    self.standardError = standardError
  }

  /// The last lines of both streams, for a message.
  public var tail: String {
    "standard output ends with:\n\(standardOutput.suffix(2000))\nstandard error ends with:\n\(standardError.suffix(2000))"
  }
}

/// A program that ended, with everything it printed.
public struct ProgramResult: Sendable, Equatable {
  public let exit: ProgramExit
  public let output: ProgramOutput

  public init(exit: ProgramExit, output: ProgramOutput) {
    self.exit = exit
    self.output = output
  }

  public var standardOutput: String { output.standardOutput }
  public var standardError: String { output.standardError }
}
