import Logging
import Synchronization

/// Keeps the lines that a worker logs.
final class LogRecorder: Sendable {
  private let kept = Mutex<[String]>([])

  var lines: [String] { kept.withLock { $0 } }

  /// Whether a line contains the text.
  func has(_ text: String) -> Bool { lines.contains { $0.contains(text) } }

  var logger: Logger {
    var logger = Logger(label: "state") { [self] _ in Handler(recorder: self) }
    logger.logLevel = .info
    return logger
  }

  private struct Handler: LogHandler {
    let recorder: LogRecorder
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let metadata = event.metadata.map { "\($0)" } ?? ""
      recorder.kept.withLock { $0.append("\(event.level) \(event.message) \(metadata)") }
    }
  }
}
