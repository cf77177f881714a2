/// The headers of an outcome, divided into those that the worker wrote and those of its command.
///
/// A command may carry headers of any name, those of the worker's included: it may be a rejection that was sent again.
/// So a name alone says nothing. Of a rejection, the command's own come first, and the worker's begin with the last
/// `rejection-code`. Of an event, the names of CloudEvents are the worker's, and no command's header goes on that has
/// one of them in whatever case: some libraries compare names without it.
struct OutcomeHeaders {
  /// What the worker wrote.
  let own: [AuditHeader]
  /// What it took over from the command.
  let carried: [AuditHeader]

  /// Nil when the record has no `rejection-code`, and so is no rejection.
  init?(ofRejection headers: [AuditHeader]) {
    guard let first = headers.lastIndex(where: { $0.isNamed("rejection-code") }) else { return nil }
    own = Array(headers[first...])
    carried = Array(headers[..<first])
  }

  init(ofEvent headers: [AuditHeader]) {
    own = headers.filter { Self.isOfEvent($0) }
    carried = headers.filter { !Self.isOfEvent($0) }
  }

  /// The value of the worker's header of this name; nil when there is none or it is null.
  func value(_ name: StaticString) -> UnsafeRawBufferPointer? { own.first { $0.isNamed(name) }?.value }

  /// The same as text; nil when it is not UTF-8.
  func text(_ name: StaticString) -> String? {
    value(name).flatMap { String(validating: $0, as: UTF8.self) }
  }

  /// Names among the worker's that stand there twice, or that it never writes, as sentences.
  func nameFaults(allowed: [StaticString]) -> [String] {
    var faults: [String] = []
    for (index, header) in own.enumerated() {
      if !allowed.contains(where: { header.isNamed($0) }) {
        faults.append("Found the header \(header.name.shown), which no outcome of its kind has of its own")
      } else if own[..<index].contains(where: { $0.name.isEqual(to: header.name) }) {
        faults.append("Expected one header \(header.name.shown), found another")
      }
    }
    return faults
  }

  /// Whether the header of a command does not go on to its events.
  static func isOfEvent(_ header: AuditHeader) -> Bool {
    namesOfEvents.contains { header.isNamed(ignoringCase: $0) }
      || namesNotCarried.contains { header.isNamed(ignoringCase: $0) }
  }

  static let namesOfEvents: [StaticString] = [
    "ce_id", "ce_type", "ce_sequence", "ce_specversion", "ce_source", "ce_subject", "ce_time",
    "ce_causationid", "content-type",
  ]
  /// Meant for the worker, or said by another of its headers.
  private static let namesNotCarried: [StaticString] = ["expected-version", "ce_datacontenttype"]

  static let namesOfRejections: [StaticString] = [
    "rejection-code", "rejection-reason", "object-version", "command-position", "command-timestamp",
    "rejection-source", "original-version", "payload-omitted", "key-cut",
  ]
}
