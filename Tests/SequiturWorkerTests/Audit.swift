import Foundation
import Testing

/// What a command became.
enum Outcome: Sendable, Equatable {
  case events([String])
  case rejection(String)
}

/// All outcomes of an application as others see them, checked against the guarantees by code of its own.
struct Audit: Sendable {
  private(set) var commands: [Record]
  private(set) var events: [Record]
  private(set) var rejections: [Record]
  /// The last record of each key on the changelog, checkpoints aside.
  private(set) var states: [[UInt8]: Record] = [:]
  /// What each command became, by `partition/offset`.
  private(set) var outcomes: [String: Outcome] = [:]
  /// What contradicts the guarantees, one sentence each.
  private(set) var faults: [String] = []

  init(of application: Application) async throws {
    commands = try await application.read(application.topics.commands)
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
  subscript(offset: Int64) -> Outcome? { outcomes["0/\(offset)"] }

  private mutating func collectOutcomes(_ topic: String) {
    for event in events {
      let parts = (event.text("ce_id") ?? "").split(separator: "/")
      guard parts.count == 4, parts[0] == topic, parts[1] == "\(event.partition)",
        let index = Int(parts[3])
      else {
        faults.append("the event at \(event.partition)/\(event.offset) names no command of its partition")
        continue
      }
      let position = "\(parts[1])/\(parts[2])"
      let type = event.text("ce_type") ?? "none"
      switch outcomes[position] {
      case nil where index == 0: outcomes[position] = .events([type])
      case .events(let before) where before.count == index: outcomes[position] = .events(before + [type])
      default: faults.append("the command at \(position) has event \(index) out of turn or twice")
      }
    }
    for rejection in rejections {
      let parts = (rejection.headers.last { $0.name == "command-position" }?.value)
        .map { String(decoding: $0, as: UTF8.self).split(separator: "/") }
      let position = parts.map { $0.suffix(2).joined(separator: "/") } ?? "none"
      if outcomes[position] != nil { faults.append("the command at \(position) has a second outcome") }
      let code = rejection.headers.last { $0.name == "rejection-code" }?.value ?? []
      outcomes[position] = .rejection(String(decoding: code, as: UTF8.self))
    }
  }

  private mutating func checkOutcomes() {
    for command in commands where outcomes["\(command.partition)/\(command.offset)"] == nil {
      faults.append("the command at \(command.partition)/\(command.offset) has no outcome")
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
