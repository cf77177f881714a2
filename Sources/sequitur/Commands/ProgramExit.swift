import ArgumentParser
import Foundation
import KafkaClient
import ReadableText
import SequiturTopics
import SequiturWorker
import TerminalView

extension CommandFailure {
  /// A worker could not start: a line for each reason, some of which quote what others sent.
  init(_ fault: WorkerStartFault) {
    self.init(fault.reasons.map { ShownText.line($0, atMost: nil) }.joined(separator: "\n"))
  }

  /// Nothing that was assigned can be served; the reason may quote a record.
  init(_ refused: PartitionRefused) {
    self.init(ShownText.line("\(refused)", atMost: nil), status: .foundFault)
  }
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
    case let fault as TopicFault:
      Terminal.printError("\(fault)")
      end(.wrongUsage)
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
