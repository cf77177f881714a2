import Foundation

/// What a relay writes into its Kafka transactions besides the commands, on the compacted topic `<application id>-outbox`.
///
/// | key | value |
/// |---|---|
/// | `<name>` | the claim: which relay has the name, how, and with how many shards |
/// | `<name>/<shard>` | the rows of the shard's last transaction |
/// | `<name>/log` | where in the database's log the last transaction ended |
struct BatchRecord: Codable, Hashable, Sendable {
  /// 1.
  var format = 1
  /// The relay that wrote it.
  var relay: String
  /// Of a claim: `poll` or `tail`.
  var mode: String?
  /// Of a claim: how many shards.
  var shards: Int?
  /// Of a batch: the ids of its rows, in their text form.
  var ids: [String]?
  /// Of a batch: the command ids of its rows, in the same order, where the table has them.
  var commands: [String?]?
  /// Of the log: the end of the last transaction that is on Kafka, such as `0/1A2B3C4`.
  var end: String?
  /// Of the log: the database's own identifier.
  var system: String?

  private static let newestFormat = 1

  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self))
  }

  /// - Throws: ``OutboxFault`` for what is no such record.
  init(decoding value: UnsafeRawBufferPointer, at place: String) throws {
    do {
      self = try JSONDecoder().decode(BatchRecord.self, from: Data(value))
    } catch {
      throw OutboxFault.unreadable(place, "it is none of this kind")
    }
    guard format <= Self.newestFormat else { throw OutboxFault.unreadable(place, "its format is \(format)") }
    if let commands, commands.count != ids?.count {
      throw OutboxFault.unreadable(place, "it has another number of command ids than of ids")
    }
  }

  init(relay: String) { self.relay = relay }

  /// The rows that it names.
  var rows: [RowIdentity] {
    guard let ids else { return [] }
    return ids.enumerated().map { RowIdentity(id: $1, commandID: commands?[$0]) }
  }
}

/// What a row is known by.
struct RowIdentity: Hashable, Sendable {
  let id: String
  /// nil where the table has none.
  let commandID: String?
}

/// The keys of a relay's records.
struct RecordKeys: Sendable {
  let name: String

  var claim: String { name }
  var log: String { "\(name)/log" }
  func shard(_ number: Int) -> String { "\(name)/\(number)" }

  /// The shard whose record has the key; nil for other keys.
  func shard(of key: String) -> Int? {
    guard key.hasPrefix("\(name)/") else { return nil }
    return Int(key.dropFirst(name.count + 1))
  }

  func isOwn(_ key: String) -> Bool { key == claim || key.hasPrefix("\(name)/") }
}
