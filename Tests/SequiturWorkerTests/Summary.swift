import Foundation
import TestBroker

/// Counts and digests in the form of `incidents.expected.json`.
struct Summary: Decodable, Equatable {
  var commands: Int
  var events: Int
  var rejections: Int
  var eventTypes: [String: Int]
  var rejectionCodes: [String: Int]
  var objects: Int
  var eventsDigest: String
  var statesDigest: String

  init(_ audit: Audit) async throws {
    commands = audit.commands.count
    events = audit.events.count
    rejections = audit.rejections.count
    eventTypes = Self.counts(audit.events.map { $0.text("ce_type") ?? "none" })
    rejectionCodes = Self.counts(audit.rejections.map { $0.text("rejection-code") ?? "none" })
    objects = audit.states.count
    eventsDigest = try await Self.eventsDigest(audit)
    statesDigest = try await Self.statesDigest(audit)
  }

  private static func counts(_ names: [String]) -> [String: Int] {
    Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
  }

  private static func eventsDigest(_ audit: Audit) async throws -> String {
    let lines = audit.events.map { event in
      (
        key: event.key ?? [], version: Int(event.text("ce_sequence") ?? "") ?? 0,
        type: event.text("ce_type") ?? ""
      )
    }
    let sorted = lines.sorted { left, right in
      if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
      return (left.version, left.type) < (right.version, right.type)
    }
    return try await sha256(
      sorted.map { "\(String(decoding: $0.key, as: UTF8.self))\t\($0.version)\t\($0.type)\n" })
  }

  private static func statesDigest(_ audit: Audit) async throws -> String {
    struct Status: Decodable { let status: String }
    let sorted = audit.states.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    return try await sha256(
      sorted.map { key, record in
        let status = try JSONDecoder().decode(Status.self, from: Data(record.value ?? [])).status
        return "\(String(decoding: key, as: UTF8.self))\t\(record.text("v") ?? "")\t\(status)\n"
      })
  }

  private static func sha256(_ lines: [String]) async throws -> String {
    let result = try await RunningProgram.run(
      "sha256sum", standardInput: .data(Data(lines.joined().utf8)))
    return String(result.standardOutput.prefix(64))
  }
}
