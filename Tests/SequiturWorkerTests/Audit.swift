import Foundation
import Testing

/// What a command became.
enum Outcome: Sendable, Equatable {
  case events([String])
  case rejection(String)
}

/// Where a command stands.
struct Position: Hashable, Sendable {
  let partition: Int32
  let offset: Int64
}

/// All outcomes of an application as others see them, checked against the guarantees by code of its own.
struct Audit: Sendable {
  private(set) var commands: [Record]
  private(set) var events: [Record]
  private(set) var rejections: [Record]
  /// The last record of each key on the changelog, checkpoints aside.
  private(set) var states: [[UInt8]: Record] = [:]
  /// What each command became.
  private(set) var outcomes: [Position: Outcome] = [:]
  /// What contradicts the guarantees, one sentence each.
  private(set) var faults: [String] = []

  init(of application: Application) async throws {
    commands = try await application.read(application.topics.commands, positionsOnly: true)
    events = try await application.read(application.topics.valid)
    rejections = try await application.read(application.topics.invalid)
    for record in try await application.read(application.topics.changelog) {
      guard let key = record.key, !key.isEmpty else { continue }
      states[key] = record.value == nil ? nil : record
    }
    collectOutcomes(application.topics.commands)
    checkOutcomes()
    checkVersions()
  }

  /// The outcome of the command at this offset of partition 0.
  subscript(offset: Int64) -> Outcome? { outcomes[Position(partition: 0, offset: offset)] }

  private mutating func collectOutcomes(_ topic: String) {
    for event in events {
      let prefix = Array("\(topic)/\(event.partition)/".utf8)
      let id = event.headers.first { $0.name == "ce_id" }?.value ?? []
      guard let (offset, index) = Self.numbers(id, behind: prefix) else {
        faults.append("the event at \(event.partition)/\(event.offset) names no command of its partition")
        continue
      }
      let position = Position(partition: event.partition, offset: offset)
      let type = event.text("ce_type") ?? "none"
      switch outcomes[position] {
      case nil where index == 0: outcomes[position] = .events([type])
      case .events(let before) where before.count == index: outcomes[position] = .events(before + [type])
      default: faults.append("the command at \(position) has event \(index) out of turn or twice")
      }
    }
    for rejection in rejections {
      let text = rejection.headers.last { $0.name == "command-position" }?.value ?? []
      let parts = String(decoding: text, as: UTF8.self).split(separator: "/")
      guard parts.count == 3, parts[0] == topic, let partition = Int32(parts[1]),
        let offset = Int64(parts[2]),
        partition == rejection.partition
      else {
        faults.append("the rejection at \(rejection.partition)/\(rejection.offset) names no command")
        continue
      }
      let position = Position(partition: partition, offset: offset)
      if outcomes[position] != nil { faults.append("the command at \(position) has a second outcome") }
      let code = rejection.headers.last { $0.name == "rejection-code" }?.value ?? []
      outcomes[position] = .rejection(String(decoding: code, as: UTF8.self))
    }
  }

  /// The two numbers of `prefix` `offset` `/` `index`.
  private static func numbers(_ text: [UInt8], behind prefix: [UInt8]) -> (Int64, Int)? {
    guard text.starts(with: prefix) else { return nil }
    var numbers: [Int64] = [0]
    for byte in text[prefix.count...] {
      switch byte {
      case UInt8(ascii: "/"): numbers.append(0)
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int64(byte - UInt8(ascii: "0"))
      default: return nil
      }
    }
    return numbers.count == 2 ? (numbers[0], Int(numbers[1])) : nil
  }

  private mutating func checkOutcomes() {
    for command in commands {
      let position = Position(partition: command.partition, offset: command.offset)
      if outcomes[position] == nil { faults.append("the command at \(position) has no outcome") }
    }
    if outcomes.count > commands.count {
      faults.append("there are \(outcomes.count) outcomes of \(commands.count) commands")
    }
  }

  /// Versions go up by one for each key; after its object was forgotten they begin at 1.
  private mutating func checkVersions() {
    var last: [[UInt8]: Int] = [:]
    for event in events {
      let key = event.key ?? []
      let version = event.text("ce_sequence").flatMap { Int($0) } ?? -1
      if version != (last[key] ?? 0) + 1 {
        faults.append("the event at \(event.partition)/\(event.offset) has version \(version)")
      }
      last[key] = event.text("ce_type") == "purged" ? 0 : version
    }
    for (key, version) in last where version != 0 {
      if states[key]?.text("v") != "\(version)" {
        faults.append(
          "the changelog has another version than \(version) of \(String(decoding: key, as: UTF8.self))")
      }
    }
  }
}
