import ArgumentParser
import Foundation
import KafkaClient
import Sequitur
import SequiturWorker

/// What the process ends with.
enum ExitStatus: Int32 {
  case done = 0
  case foundFault = 1
  /// Or no broker answers, or the result cannot be written.
  case wrongUsage = 2
  /// Who read standard output has gone before all was printed: what a shell says of a program that SIGPIPE ended.
  case readerGone = 141
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

  /// A worker could not start: a line for each reason, some of which quote what others sent.
  init(_ fault: WorkerStartFault) {
    self.init(fault.reasons.map { ShownText.line($0, atMost: nil) }.joined(separator: "\n"))
  }

  /// Nothing that was assigned can be served; the reason may quote a record.
  init(_ refused: PartitionRefused) {
    self.init(ShownText.line("\(refused)", atMost: nil), status: .foundFault)
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
      let text = "\(error)." + (error.cure.map { " \($0)" } ?? "")
      Terminal.printError(ShownText.line(text, atMost: nil))
      end(.wrongUsage)
    case let fault as OutputFault:
      end(fault)
    default:
      break
    }
    // Help and version are errors to ArgumentParser, with the exit code 0.
    let code = SequiturCommand.exitCode(for: error)
    let message = SequiturCommand.fullMessage(for: error)
    if code == .success {
      guard !message.isEmpty else { end(.done) }
      do throws(OutputFault) { try Output.print(message) } catch { end(error) }
      end(.done)
    }
    // Usage has several lines. What else is thrown has one, and may quote what others sent.
    let isUsage = code == .validationFailure
    if !message.isEmpty { Terminal.printError(isUsage ? message : ShownText.line(message, atMost: nil)) }
    end(.wrongUsage)
  }

  /// A reader that has gone has what it wanted. Whatever else keeps the result from being written is told.
  private static func end(_ fault: OutputFault) -> Never {
    guard !fault.isReaderGone else { end(.readerGone) }
    Terminal.printError("\(fault)")
    end(.wrongUsage)
  }

  private static func end(_ status: ExitStatus) -> Never {
    // Faults that were found are printed on standard error, and count as a result.
    let isLost = Terminal.lost.map { !$0.isReaderGone } ?? false
    exit((isLost ? .wrongUsage : status).rawValue)
  }
}
