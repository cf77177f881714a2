import Logging
import ReadableText

/// Passes records on to another handler with all foreign text in them made safe, so that a record stays one line.
///
/// Keys, reasons, broker's texts and what a decider throws end up in a worker's log. A handler that prints them as they
/// are, as swift-log's own does, would let whoever sends a command write lines of the log.
struct OneLineLogHandler: LogHandler {
  private var handler: any LogHandler

  init(_ handler: any LogHandler) { self.handler = handler }

  func log(event: LogEvent) {
    var event = event
    event.message = "\(Self.shown("\(event.message)"))"
    event.metadata = event.metadata?.mapValues(Self.shown)
    handler.log(event: event)
  }

  /// Longer texts are cut: a line of a log is no place for a megabyte.
  private static let scalarsMax = 4_000

  private static func shown(_ text: String) -> String { ShownText.line(text, atMost: scalarsMax) }

  private static func shown(_ value: Logger.MetadataValue) -> Logger.MetadataValue {
    switch value {
    case .string(let text): .string(shown(text))
    case .stringConvertible(let thing): .string(shown("\(thing)"))
    case .array(let values): .array(values.map(shown))
    case .dictionary(let values): .dictionary(values.mapValues(shown))
    }
  }

  subscript(metadataKey key: String) -> Logger.MetadataValue? {
    get { handler[metadataKey: key] }
    set { handler[metadataKey: key] = newValue }
  }

  var metadata: Logger.Metadata {
    get { handler.metadata }
    set { handler.metadata = newValue }
  }

  var metadataProvider: Logger.MetadataProvider? {
    get { handler.metadataProvider }
    set { handler.metadataProvider = newValue }
  }

  var logLevel: Logger.Level {
    get { handler.logLevel }
    set { handler.logLevel = newValue }
  }
}

extension Logger {
  /// This logger with every record in one line and nothing in it that acts on a terminal.
  package var inOneLine: Logger {
    var logger = self
    if !(handler is OneLineLogHandler) { logger.handler = OneLineLogHandler(handler) }
    return logger
  }
}
