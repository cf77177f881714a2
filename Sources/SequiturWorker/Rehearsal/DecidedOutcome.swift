import PartitionEngine
import Sequitur

/// What a rehearsal made of one command: the records in an output batch from a place on.
enum DecidedOutcome {
  /// The value of a header; empty when there is none.
  static func header(
    _ name: StaticString, of record: OutputRecord, in output: borrowing OutputBatch
  ) -> UnsafeRawBufferPointer {
    output.lastHeader(name, of: record) ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }

  static func name(of record: OutputRecord, in output: borrowing OutputBatch) -> UnsafeRawBufferPointer {
    header(record.topic == .valid ? "ce_type" : "rejection-code", of: record, in: output)
  }
}

/// How outcomes are named in a report.
enum OutcomeName {
  /// How many types of events are named.
  private static let typesMax = 4

  static func valid(_ types: [String]) -> String {
    let more = types.count - Self.typesMax
    let named = types.prefix(Self.typesMax).joined(separator: ", ")
    return "valid: " + (more > 0 ? "\(named) and \(more) more" : named)
  }

  static func invalid(_ code: String) -> String { "invalid: \(code)" }

  static let none = "none"
  static let otherPayload = ", with another payload"
}
