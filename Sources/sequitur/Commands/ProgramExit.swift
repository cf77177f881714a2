import ArgumentParser
import Foundation
import KafkaClient
import PartitionEngine
import ReadableText
import RocksDB
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
  static func run(_ arguments: Result<[String], any Error>) async -> Never {
    do {
      var command = try SequiturCommand.parseAsRoot(arguments.get())
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
    case let fault as RestoreFault:
      Terminal.printError(ShownText.line("\(fault)", atMost: nil))
      end(.foundFault)
    case let error as RocksDBError:
      Terminal.printError(ShownText.line("\(error). \(Self.cure(of: error))", atMost: nil))
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
    Terminal.printError(isUsage ? message : ShownText.line(unforeseen(error), atMost: nil))
    end(.wrongUsage)
  }

  /// An error that no command has a sentence for.
  private static func unforeseen(_ error: any Error) -> String {
    // Of errors that Foundation makes this is the sentence; of others it says only that there was one.
    let text = error is CocoaError ? error.localizedDescription : "\(error)"
    if text.hasPrefix("Expected ") { return text }
    return
      "Expected the command to come to its end, but \(text). If that says nothing of a file, a disk or a right, report it: "
      + "it is a fault of this program."
  }

  private static func cure(of error: RocksDBError) -> String {
    if error.isNoSpace { return "Make room there, or name a directory on another disk." }
    if error.isReadOnly { return "Name a directory that this user may write to." }
    return "Look at the directory and its disk, or name another one."
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
