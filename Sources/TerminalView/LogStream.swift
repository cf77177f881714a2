import ReadableText

/// Where log lines go: standard error, each record one line, whatever its values hold.
///
/// A line that cannot be written is dropped: a full disk under the log, or a reader of it that has gone, must not keep
/// a worker from its work or from an end in order.
package struct LogStream: TextOutputStream, Sendable {
  package init() {}

  package func write(_ record: String) {
    let text = record.hasSuffix("\n") ? String(record.dropLast()) : record
    Terminal.log(ShownText.line(text, atMost: nil) + "\n")
  }
}
