import ArgumentParser
import Foundation
import KafkaClient

/// What the process ends with.
enum ExitStatus: Int32 {
  case done = 0
  case foundFault = 1
  case wrongUsage = 2
}

/// Ends the program with a paragraph on standard error: what was expected, what was found, where, and the cure.
struct CommandFailure: Error, CustomStringConvertible {
  let status: ExitStatus
  /// Empty when all has been said already.
  let description: String

  init(_ description: String, status: ExitStatus = .wrongUsage) {
    self.status = status
    self.description = description
  }

  /// A fault was found and has been reported.
  static let reportedFault = CommandFailure("", status: .foundFault)
  /// Wrong usage has been reported.
  static let reportedWrongUsage = CommandFailure("", status: .wrongUsage)
}

/// From errors to exit codes: ArgumentParser's own are 64 and the like, Sequitur's are 0, 1 and 2.
enum ProgramExit {
  static func run(_ arguments: [String]) async -> Never {
    do {
      var command = try SequiturCommand.parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      end(.done)
    } catch {
      end(error)
    }
  }

  private static func end(_ error: any Error) -> Never {
    switch error {
    case let failure as CommandFailure:
      if !failure.description.isEmpty { Terminal.printError(failure.description) }
      end(failure.status)
    case let error as KafkaError:
      Terminal.printError("\(error)." + (error.cure.map { " \($0)" } ?? ""))
      end(.wrongUsage)
    default:
      break
    }
    // Help and version are errors to ArgumentParser, with the exit code 0.
    let code = SequiturCommand.exitCode(for: error)
    let message = SequiturCommand.fullMessage(for: error)
    if code == .success {
      if !message.isEmpty { print(message) }
      end(.done)
    }
    if !message.isEmpty { Terminal.printError(message) }
    end(.wrongUsage)
  }

  private static func end(_ status: ExitStatus) -> Never {
    fflush(nil)
    exit(status.rawValue)
  }
}
