import Logging
import Synchronization
import Testing

@testable import SequiturWorker

/// What a worker logs is one line a record, whatever somebody sent.
struct LogTests {
  private let lines = Lines()

  private var logger: Logger {
    var logger = Logger(label: "test") { [lines] in StreamLogHandler(label: $0, stream: lines) }
    logger.logLevel = .trace
    return logger.inOneLine
  }

  @Test func `a line end in a value forges no line of the log`() {
    logger.warning(
      "the record cannot be decoded: \n2026-01-01T00:00:00Z info sequitur: FORGED",
      metadata: [
        "reason": "\n2026-01-01T00:00:00Z info sequitur: FORGED",
        "key": .string("\u{1B}[2J\u{9B}31m\u{202E}"),
        "list": ["a\rb", ["nested": "\u{2028}"]], "error": .stringConvertible(Forged()),
      ])
    let text = lines.text
    #expect(text.utf8.count { $0 == 10 } == 1)
    #expect(text.hasSuffix("\n"))
    for scalar: Unicode.Scalar in ["\r", "\u{1B}", "\u{9B}", "\u{202E}", "\u{2028}"] {
      #expect(!text.unicodeScalars.contains(scalar))
    }
    #expect(text.contains(#"\n2026-01-01T00:00:00Z info sequitur: FORGED"#))
  }

  @Test func `a long value is cut`() {
    logger.info("x", metadata: ["key": .string(String(repeating: "k", count: 1_000_000))])
    #expect(lines.text.utf8.count < 5_000)
  }

  @Test func `levels and metadata are those of the handler behind it`() {
    var logger = logger
    logger.logLevel = .error
    logger[metadataKey: "worker"] = "one"
    logger.info("dropped")
    logger.error("kept")
    #expect(!lines.text.contains("dropped") && lines.text.contains("worker=one"))
    #expect(logger.inOneLine.handler is OneLineLogHandler)
  }

  private struct Forged: CustomStringConvertible {
    let description = "\nFORGED"
  }

  private final class Lines: TextOutputStream, Sendable {
    private let content = Mutex("")
    var text: String { content.withLock { $0 } }
    func write(_ text: String) { content.withLock { $0 += text } }
  }
}
