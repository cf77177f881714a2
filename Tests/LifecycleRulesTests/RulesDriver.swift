import LifecycleRules
import Sequitur
import Testing

/// What came of one command.
enum Outcome: Equatable, CustomStringConvertible {
  case event(String)
  case rejected(RejectionCode, String)

  var description: String {
    switch self {
    case .event(let type): "event \(type)"
    case .rejected(let code, let reason): "\(code): \(reason)"
    }
  }

  var code: RejectionCode? {
    if case .rejected(let code, _) = self { code } else { nil }
  }

  var reason: String? {
    if case .rejected(_, let reason) = self { reason } else { nil }
  }
}

/// Runs commands of one partition on a decider; keeps states as bytes, as a worker does.
final class RulesDriver {
  let decider: LifecycleDecider
  var states: [String: [UInt8]] = [:]
  var versions: [String: Int] = [:]
  private(set) var lastPayload: [UInt8] = []
  private var payload = ByteWriter()
  private var bytes = ByteWriter()

  init(_ yaml: String) throws {
    decider = LifecycleDecider(try RulesFile.parse(yaml, path: "rules.yaml"))
  }

  func state(_ key: String = "k") -> String? { states[key].map { String(decoding: $0, as: UTF8.self) } }

  func decodeState(_ bytes: [UInt8]) throws -> LifecycleState {
    try bytes.withUnsafeBytes { try decider.decodeState(RawSpan.unsafe($0)) }
  }

  @discardableResult
  func send(_ type: String?, _ payload: String, key: String = "k", at time: Int64 = 0) throws -> Outcome {
    try send(type.map { Array($0.utf8) }, Array(payload.utf8), key: key, at: time)
  }

  func send(_ type: [UInt8]?, _ payload: [UInt8]?, key: String = "k", at time: Int64 = 0) throws -> Outcome {
    let name = Array("ce_type".utf8)
    return try name.withUnsafeBytes { name in
      try (type ?? []).withUnsafeBytes { value in
        let headers = type == nil ? [] : [RecordHeader(name: name, value: value)]
        return try headers.withUnsafeBufferPointer { headers in
          try (payload ?? []).withUnsafeBytes { bytes in
            try Array(key.utf8).withUnsafeBytes { keyBytes in
              let empty = UnsafeRawBufferPointer(start: bytes.baseAddress, count: 0)
              let value = payload == nil ? nil : bytes.isEmpty ? empty : bytes
              let record = CommandRecord(
                unsafeKey: keyBytes, payload: value, headers: headers,
                position: CommandPosition(partition: 0, offset: 0), timestamp: time)
              return try process(record, key: key)
            }
          }
        }
      }
    }
  }

  private func process(_ record: borrowing CommandRecord, key: String) throws -> Outcome {
    let decoded = decider.decode(record)
    if case .command(let command) = decoded { return try decide(command, record, key: key) }
    if case .malformed(let reason) = decoded { return .rejected(.malformed, reason) }
    guard case .unknownCommand(let reason) = decoded else {
      Issue.record("rules decode to nothing else")
      return .event("")
    }
    return .rejected(.unknownCommand, reason)
  }

  private func decide(
    _ command: LifecycleCommand, _ record: borrowing CommandRecord, key: String
  ) throws -> Outcome {
    let state = try states[key].map(decodeState)
    let context = DecisionContext(
      key: record.key, position: record.position, timestamp: record.timestamp,
      version: UInt64(versions[key] ?? 0))
    switch decider.decide(command, on: state, in: context) {
    case .reject(let rejection): return .rejected(rejection.code, rejection.reason)
    case .accept(let event): return .event(take([event], state, key: key))
    case .acceptAll(let events): return .event(take(events, state, key: key))
    }
  }

  /// The types of the events, with + between them; the last one's payload is kept.
  private func take(_ events: [LifecycleEvent], _ state: LifecycleState?, key: String) -> String {
    var state = state
    var types: [String] = []
    for event in events {
      payload.truncate(to: 0)
      types.append(decider.encode(event, into: &payload))
      lastPayload = Array(payload.bytes)
      state = decider.evolve(state, by: event)
      keep(state, key: key)
    }
    return types.joined(separator: "+")
  }

  /// The payload of the last event, as text.
  var payloadText: String { String(decoding: lastPayload, as: UTF8.self) }

  private func keep(_ state: LifecycleState?, key: String) {
    guard let state else {
      states[key] = nil
      versions[key] = nil
      return
    }
    bytes.truncate(to: 0)
    decider.encodeState(state, into: &bytes)
    states[key] = Array(bytes.bytes)
    versions[key, default: 0] += 1
  }
}

/// The example of the design.
let orders = """
  object: order
  fields: {customer: string, total: integer}     # the compact state
  states: [open, paid, shipped, cancelled]
  commands:
    create:  {from: none, to: open, event: created, require: {customer: string, total: integer}, set: [customer, total]}
    amend:   {from: open, to: open, event: amended, require: {total: integer}, when: ["total > 0", "total != state.total"], set: [total]}
    pay:     {from: open, to: paid, event: paid, require: {amount: integer}, when: ["amount == state.total"]}
    ship:    {from: paid, to: shipped, event: shipped}
    cancel:  {from: [open, paid], to: cancelled, event: cancelled}
    purge:   {from: cancelled, to: none, event: purged}      # to: none forgets the object (tombstone)
  """
