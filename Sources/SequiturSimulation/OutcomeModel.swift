import PartitionEngine
import Sequitur
import SequiturTesting

/// What must come of a partition's commands, computed without the engine.
struct OutcomeModel {
  struct Object {
    var version: UInt64 = 0
    var state: Int?
    /// The newest last.
    var ids: [(id: [UInt8], version: UInt64)] = []
  }

  /// What is kept of an object that was forgotten.
  struct Grave {
    let ids: [(id: [UInt8], version: UInt64)]
    let version: UInt64
    let time: Int64
  }

  static let idsMax = 3
  /// How long graves are kept, in milliseconds.
  static let forgetAfter = 400

  private(set) var valid: [String] = []
  private(set) var invalid: [String] = []
  private(set) var objects: [[UInt8]: Object] = [:]
  private(set) var graves: [[UInt8]: Grave] = [:]
  /// Rare situations among the commands.
  private(set) var situations: Set<SimulationSituation> = []
  private let decider = TallyDecider()
  private let partition: Int

  /// - Parameter lost: offsets that were deleted before they were processed.
  init(partition: Int, commands: [(offset: Int64, record: LogRecord)], lost: Range<Int64>? = nil) {
    self.partition = partition
    for (offset, command) in commands where lost?.contains(offset) != true { process(command, offset) }
  }

  private mutating func process(_ command: LogRecord, _ offset: Int64) {
    var object = objects[command.key!] ?? Object()
    let id = command.headers.first { $0.name == "ce_id" }?.value
    let code: String
    switch TallyDecider.decode(String(decoding: command.value!, as: UTF8.self)) {
    case .malformed: code = "malformed"
    case .unknownCommand: code = "unknown-command"
    case .rejected(let rejection): code = rejection.code.rawValue
    case .command(let decoded):
      if id.map({ id in object.ids.contains { $0.id == id } }) ?? false {
        situations.insert(.duplicateRejected)
        code = "duplicate"
      } else if isOfForgotten(command, id) {
        situations.insert(.duplicateOfForgottenRejected)
        code = "duplicate"
      } else if !isExpected(command, object.version) {
        situations.insert(.versionConflictRejected)
        code = "version-conflict"
      } else {
        switch TallyDecider.decide(decoded, on: object.state) {
        case .reject(let rejection): code = rejection.code.rawValue
        case .accept(let event): return accept([event], command, offset, id, &object)
        case .acceptAll(let events): return accept(events, command, offset, id, &object)
        }
      }
    }
    invalid.append(
      Self.rejection(command.key!, code, "\(object.version)", "commands/\(partition)/\(offset)"))
  }

  private mutating func accept(
    _ events: [TallyDecider.Event], _ command: LogRecord, _ offset: Int64, _ id: [UInt8]?,
    _ object: inout Object
  ) {
    if events.count > 1 { situations.insert(.severalEvents) }
    for (index, event) in events.enumerated() {
      var payload = ByteWriter()
      let type = decider.encode(event, into: &payload)
      object.state = decider.evolve(object.state, by: event)
      object.version += 1
      valid.append(
        Self.event(
          command.key!, type, Array(payload.bytes), "\(object.version)",
          "commands/\(partition)/\(offset)/\(index)"))
    }
    if let id { object.ids = (object.ids + [(id, object.version)]).suffix(Self.idsMax) }
    graves[command.key!] = nil
    guard object.state != nil else {
      situations.insert(.objectForgotten)
      objects[command.key!] = nil
      if !object.ids.isEmpty {
        graves[command.key!] = Grave(ids: object.ids, version: object.version, time: command.timestamp)
      }
      return
    }
    objects[command.key!] = object
  }

  /// Whether a command with this id has changed an object that was forgotten not long ago.
  private mutating func isOfForgotten(_ command: LogRecord, _ id: [UInt8]?) -> Bool {
    guard let id, let grave = graves[command.key!], grave.ids.contains(where: { $0.id == id }) else {
      return false
    }
    if command.timestamp - grave.time < Self.forgetAfter { return true }
    situations.insert(.graveOver)
    return false
  }

  private func isExpected(_ command: LogRecord, _ version: UInt64) -> Bool {
    switch command[header: "expected-version"] {
    case "none": version == 0
    case "exists": version > 0
    case let text?: UInt64(text).map { $0 == version } ?? true
    case nil: true
    }
  }

  // MARK: As text, to be compared

  static func event(
    _ key: [UInt8], _ type: String, _ payload: [UInt8], _ version: String, _ id: String
  ) -> String {
    "\(String(decoding: key, as: UTF8.self)) \(type) \(String(decoding: payload, as: UTF8.self)) "
      + "version \(version) of \(id)"
  }

  static func rejection(_ key: [UInt8], _ code: String, _ version: String, _ position: String) -> String {
    "\(String(decoding: key, as: UTF8.self)) \(code) at version \(version) of \(position)"
  }

  static func event(_ record: LogRecord) -> String {
    event(
      record.key ?? [], record[header: "ce_type"] ?? "-", record.value ?? [],
      record[header: "ce_sequence"] ?? "-", record[header: "ce_id"] ?? "-")
  }

  static func rejection(_ record: LogRecord) -> String {
    rejection(
      record.key ?? [], record[header: "rejection-code"] ?? "-", record[header: "object-version"] ?? "-",
      record[header: "command-position"] ?? "-")
  }

  /// The object records that a store must hold.
  var records: [[UInt8]: [UInt8]] {
    let objects = objects.mapValues { object in
      Self.withIDs(object.ids) { ids in
        var record = ByteWriter()
        ObjectRecord.append(to: &record, version: object.version, commandIDs: ids)
        decider.encodeState(object.state ?? 0, into: &record)
        return Array(record.bytes)
      }
    }
    let graves = graves.mapValues { grave in
      Self.withIDs(grave.ids) { ids in
        var record = ByteWriter()
        ObjectRecord.appendGrave(
          to: &record, lastVersion: grave.version, forgottenAt: grave.time, commandIDs: ids)
        return Array(record.bytes)
      }
    }
    return objects.merging(graves) { object, _ in object }
  }

  private static func withIDs(
    _ ids: [(id: [UInt8], version: UInt64)], _ body: (UnsafeRawBufferPointer) -> [UInt8]
  ) -> [UInt8] {
    var bytes = ByteWriter()
    for (id, version) in ids {
      let hash = id.withUnsafeBytes { CommandIDHash($0) }
      for word in [hash.high, hash.low, version] { bytes.append(bigEndian: word) }
    }
    return body(bytes.bytes)
  }
}
