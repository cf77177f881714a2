import RulesModel
import Sequitur

/// Runs the examples of rules, and keeps count of what they have shown.
///
/// Commands are decided as a worker decides them, on states that are written and read again in between. What the engine
/// does besides (duplicates, expected versions) has no part in it.
public final class ExampleRunner {
  /// What became of an example.
  public struct Result: Sendable {
    /// The example that was run.
    public let example: RulesExample
    /// What was expected and what was found; empty when the example holds.
    public let failures: [String]

    /// Whether the example holds.
    public var isPassed: Bool { failures.isEmpty }
  }

  private let decider: LifecycleDecider
  /// What the examples have shown.
  public private(set) var coverage: RulesCoverage

  /// A runner for the examples of these rules, or of others for the same object.
  public init(_ rules: Rules) {
    decider = LifecycleDecider(rules)
    coverage = RulesCoverage(rules)
  }

  /// Runs an example on an object of its own.
  public func run(_ example: RulesExample) -> Result {
    var object = Object(key: Array(example.key.utf8))
    for (index, command) in example.given.enumerated() {
      let outcome = send(command, to: &object, offset: Int64(index))
      if case .rejected(let rejection) = outcome {
        return Result(
          example: example,
          failures: [
            "Expected command \(index + 1) of `given`, `\(command.type)`, to be accepted, but it was rejected as "
              + "\(rejection.code): \(rejection.reason)"
          ])
      }
    }
    let outcome = send(example.when, to: &object, offset: Int64(example.given.count))
    return Result(example: example, failures: failures(of: example.then, outcome, object.state))
  }

  // MARK: One command

  private struct Object {
    let key: [UInt8]
    var state: [UInt8]?
    var version: UInt64 = 0
  }

  private enum Outcome {
    case accepted([(type: String, payload: [UInt8])])
    case rejected(Rejection)
  }

  private func send(_ command: RulesExample.Command, to object: inout Object, offset: Int64) -> Outcome {
    let name = Array("ce_type".utf8)
    let type = Array(command.type.utf8)
    let payload = Array(command.payload.utf8)
    let key = object.key
    return name.withUnsafeBytes { name in
      type.withUnsafeBytes { type in
        payload.withUnsafeBytes { payload in
          key.withUnsafeBytes { key in
            withUnsafePointer(to: RecordHeader(name: name, value: type)) { header in
              let record = CommandRecord(
                unsafeKey: key, payload: payload, headers: UnsafeBufferPointer(start: header, count: 1),
                position: CommandPosition(partition: 0, offset: offset), timestamp: command.time)
              return decide(record, &object)
            }
          }
        }
      }
    }
  }

  private func decide(_ record: borrowing CommandRecord, _ object: inout Object) -> Outcome {
    let command: LifecycleCommand
    switch decider.decode(record) {
    case .command(let decoded): command = decoded
    case .malformed(let reason): return .rejected(Rejection(.malformed, reason))
    case .unknownCommand(let reason): return .rejected(Rejection(.unknownCommand, reason))
    case .rejected(let rejection): return .rejected(rejection)
    }
    let state = object.state.flatMap { bytes in
      bytes.withUnsafeBytes { try? decider.decodeState(RawSpan.unsafe($0)) }
    }
    let context = DecisionContext(
      key: record.key, position: record.position, timestamp: record.timestamp, version: object.version)
    coverage.add(
      decider.trace(command, state, context), from: state.map { decider.status(of: $0) } ?? Rules.none)
    switch decider.decide(command, on: state, in: context) {
    case .reject(let rejection): return .rejected(rejection)
    case .accept(let event): return .accepted(take([event], state, &object))
    case .acceptAll(let events): return .accepted(take(events, state, &object))
    }
  }

  private func take(
    _ events: [LifecycleEvent], _ state: LifecycleState?, _ object: inout Object
  ) -> [(type: String, payload: [UInt8])] {
    var state = state
    var found: [(String, [UInt8])] = []
    for event in events {
      var payload = ByteWriter()
      let type = decider.encode(event, into: &payload)
      found.append((type, Array(payload.bytes)))
      state = decider.evolve(state, by: event)
      object.version = state == nil ? 0 : object.version + 1
    }
    object.state = state.map { state in
      var bytes = ByteWriter()
      decider.encodeState(state, into: &bytes)
      return Array(bytes.bytes)
    }
    return found
  }

  // MARK: Comparing

  private func failures(
    of expected: RulesExample.Outcome, _ outcome: Outcome, _ state: [UInt8]?
  ) -> [String] {
    var failures: [String] = []
    switch outcome {
    case .rejected(let rejection):
      guard let code = expected.code else {
        return [
          "Expected the command to be accepted, but it was rejected as \(rejection.code): \(rejection.reason)"
        ]
      }
      if rejection.code.rawValue != code {
        failures.append("Expected the rejection \(code), but found \(rejection.code): \(rejection.reason)")
      } else if let reason = expected.reason, reason != rejection.reason {
        failures.append("Expected the reason `\(reason)`, but found `\(rejection.reason)`")
      }
    case .accepted(let events):
      if let code = expected.code {
        return [
          "Expected the rejection \(code), but the command was accepted as \(Self.list(events.map(\.type)))"
        ]
      }
      failures += self.failures(of: expected.events, events)
    }
    return failures + self.failures(of: expected.state, state)
  }

  private static func list(_ types: [String]) -> String { types.joined(separator: " and ") }

  private func failures(
    of expected: [RulesExample.Event]?, _ events: [(type: String, payload: [UInt8])]
  ) -> [String] {
    guard let expected else { return [] }
    guard expected.map(\.type) == events.map(\.type) else {
      return [
        "Expected \(expected.isEmpty ? "no event" : Self.list(expected.map(\.type))), but found "
          + Self.list(events.map(\.type))
      ]
    }
    return zip(expected, events).flatMap { event, found in
      (event.payload ?? []).compactMap { MemberComparison.difference($0, in: found.payload) }.map {
        "Expected the event \(event.type) to have \($0)"
      }
    }
  }

  private func failures(of expected: RulesExample.State?, _ state: [UInt8]?) -> [String] {
    switch (expected, state) {
    case (nil, _), (RulesExample.State.none?, nil): return []
    case (RulesExample.State.none?, let state?):
      return ["Expected no object, but found \(String(decoding: state, as: UTF8.self))"]
    case (.fields?, nil): return ["Expected an object, but there is none"]
    case (.fields(let members)?, let state?):
      return members.compactMap { MemberComparison.difference($0, in: state) }.map {
        "Expected the object to have \($0)"
      }
    }
  }
}
