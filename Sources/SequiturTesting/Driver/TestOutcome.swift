import Sequitur

/// What became of a command that a test sent.
public enum TestOutcome: Sendable, Hashable {
  case accepted([TestEvent])
  case rejected(TestRejection)

  /// The events, none when it was rejected.
  public var events: [TestEvent] {
    if case .accepted(let events) = self { return events }
    return []
  }

  /// The types of the events.
  public var types: [String] { events.map(\.type) }

  /// The rejection, when it was rejected.
  public var rejection: TestRejection? {
    if case .rejected(let rejection) = self { return rejection }
    return nil
  }

  /// The rejection's code, when it was rejected.
  public var code: String? { rejection?.code }
}

/// An event as it stands on the valid topic.
public struct TestEvent: Sendable, Hashable {
  /// `ce_type`.
  public let type: String
  /// The object version it made.
  public let version: UInt64
  /// As the decider encoded it; empty for none.
  public let payload: [UInt8]
  /// All of the record, in its order.
  public let headers: [LogRecord.Header]

  /// The payload as text.
  public var payloadText: String { String(decoding: payload, as: UTF8.self) }

  init(_ record: LogRecord) {
    type = record[header: "ce_type"] ?? ""
    version = record[header: "ce_sequence"].flatMap { UInt64($0) } ?? 0
    payload = record.value ?? []
    headers = record.headers
  }
}

/// A rejection as it stands on the invalid topic.
public struct TestRejection: Sendable, Hashable {
  /// `rejection-code`.
  public let code: String
  /// `rejection-reason`.
  public let reason: String
  /// All of the record, in its order.
  public let headers: [LogRecord.Header]

  init(_ record: LogRecord) {
    code = record[header: "rejection-code"] ?? ""
    reason = record[header: "rejection-reason"] ?? ""
    headers = record.headers
  }
}
