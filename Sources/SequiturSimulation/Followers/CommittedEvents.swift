import SequiturTesting

/// One partition's valid topic as the checks know it: all events of transactions that the coordinator decided to commit.
///
/// Decodes each record once.
final class CommittedEvents {
  struct Event {
    let key: [UInt8]
    let command: Int64
    let id: String
    let event: TallyDecider.Event
  }

  /// What an object is, by its events.
  struct Object: Equatable {
    var version: UInt64
    var state: Int
  }

  private unowned let kafka: SimulatedKafka
  private let log: SimulatedLog
  private var decoded: [Event?] = []

  init(kafka: SimulatedKafka, partition: Int32) {
    self.kafka = kafka
    log = kafka.log(.valid, partition)
  }

  /// Those of commands from this one on, in their order.
  func events(from command: Int64) -> [Event] { committed { $0.command >= command } }

  /// The fold of the events of the commands below this one.
  func objects(below command: Int64) -> [[UInt8]: Object] {
    var objects: [[UInt8]: Object] = [:]
    let decider = TallyDecider()
    var versions: [[UInt8]: UInt64] = [:]
    for event in committed({ $0.command < command }) {
      let version = (versions[event.key] ?? 0) + 1
      guard let state = decider.evolve(objects[event.key]?.state, by: event.event) else {
        objects[event.key] = nil
        versions[event.key] = nil
        continue
      }
      versions[event.key] = version
      objects[event.key] = Object(version: version, state: state)
    }
    return objects
  }

  private func committed(_ isMeant: (Event) -> Bool) -> [Event] {
    while decoded.count < log.entries.count {
      decoded.append(log.entries[decoded.count].record.flatMap(Self.event))
    }
    return decoded.indices.compactMap { index in
      guard let event = decoded[index], isMeant(event),
        log.entries[index].transaction.map({ kafka.decisions[$0] == true }) ?? false
      else { return nil }
      return event
    }
  }

  private static func event(_ record: LogRecord) -> Event? {
    guard let key = record.key, let id = record[header: "ce_id"], let command = command(ofID: id) else {
      return nil
    }
    let amount = record.value.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
    switch record[header: "ce_type"] {
    case "added": return Event(key: key, command: command, id: id, event: .added(amount))
    case "taken": return Event(key: key, command: command, id: id, event: .taken(amount))
    default: return Event(key: key, command: command, id: id, event: .forgotten)
    }
  }

  /// The third part of `commands/<partition>/<offset>/<index>`.
  static func command(ofID id: String) -> Int64? {
    let parts = id.split(separator: "/")
    return parts.count == 4 ? Int64(parts[2]) : nil
  }
}
