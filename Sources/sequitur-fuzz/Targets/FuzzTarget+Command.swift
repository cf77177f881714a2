import LifecycleRules
import PartitionEngine
import RulesModel
import Sequitur
import SequiturTesting

/// Records from Kafka. Their parts: flags (1: no key, 2: no value, 4: the last header has none), key, value, and names and values of
/// headers in turn.
extension FuzzTarget {
  /// A command's whole way through the engine.
  static let command = FuzzTarget(
    "command", "keys, payloads and headers of commands, through the engine and the rules",
    corpus: [
      ["", "order-1", #"{"customer":"ada","total":1}"#, "ce_type", "create"],
      [
        "", "order-1", #"{"total":2}"#, "ce_type", "amend", "ce_id", "c1", "expected-version", "1",
        "content-type", "application/json",
      ],
      ["", "order-2", #"{"type":"create","customer":"b\u00fcb","total":9007199254740993}"#, "ce_id", "c2"],
      ["", "order-1", #"{"amount":2}"#, "ce_type", "pay", "expected-version", "exists"],
      [
        "", "order-1", "{}", "ce_type", "cancel", "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      ],
      ["", "order-1", "{}", "ce_type", "purge", "expected-version", "any"],
      [
        "", "order-3", #"{"customer":"x","total":1,"more":[1,{"a":[]}],"n":null}"#, "ce_type", "create",
        "expected-version", "none",
      ],
      ["\u{1}", "", #"{"type":"ship"}"#],
      ["\u{2}", "order-1", "", "ce_type", "ship"],
      ["\u{4}", "order-1", "{}", "ce_type", "ship", "ce_id", ""],
      [
        "", "k", "{}", "content-type", "application/cloudevents+json", "rejection-code", "x",
        "rejection-code", "y",
      ],
    ],
    words: [
      "ce_type", "ce_id", "ce_time", "ce_source", "expected-version", "content-type", "create", "amend",
      "pay",
      "ship", "cancel", "purge", "none", "exists", "any", "customer", "total", "amount", "type", "order-1",
      "\"total\":", "application/cloudevents", "rejection-code", "CE_ID",
    ],
    makeReader: {
      let engine = FuzzedEngine()
      return { parts throws(FuzzFinding) in try engine.read(FuzzRecord(parts)) }
    })

  /// Records of the changelog, checkpoints among them.
  static let changelog = FuzzTarget(
    "changelog", "objects, graves and checkpoints of a changelog",
    corpus: [
      ["", "order-1", #"{"status":"open","customer":"ada","total":1}"#, "v", "1"],
      [
        "", "order-1", #"{"status":"paid"}"#, "v", "12", "ids", "0123456789abcdef\0\0\0\0\0\0\0\u{7}", "s",
        "2",
      ],
      ["\u{2}", "order-1", ""],
      ["\u{2}", "order-1", "", "t", "1700000000000", "v", "3", "ids", ""],
      ["", "", #"{"format":1,"position":123,"partitions":4}"#],
      [
        "", "", #"{"format":1,"position":123,"partitions":4}"#, "incarnation", "7", "last-command",
        "122:0123456789abcdef0123456789abcdef", "position-moves", "10-20", "decider",
        "order@1/0123456789abcdef0123456789abcdef", "state-forms", "1=0123456789abcdef,2=0123456789abcdef",
      ],
      ["\u{1}", "", ""],
    ],
    words: [
      "v", "ids", "s", "t", "incarnation", "last-command", "position-moves", "decider", "state-forms",
      "\"format\":", "\"position\":", "\"partitions\":", "order@1/", "0123456789abcdef",
    ],
    makeReader: {
      { parts throws(FuzzFinding) in try FuzzedChangelog.read(FuzzRecord(parts)) }
    })

  /// States of objects, as a changelog or a store has them, and their migration.
  static let state = FuzzTarget(
    "state", "states of objects, of this version of the rules and of the one before",
    corpus: [
      [#"{"status":"open","name":"ada","total":1,"price":"12.50","ok":true}"#], [#"{"status":"open"}"#],
      [#"{"status":"done","name":"b\"\u00fc","total":-9223372036854775808,"price":"0.00"}"#],
      [#" { "total" : 1e3 , "status" : "open" , "other" : [ { } ] } "#],
    ],
    words: [
      "\"status\":", "\"open\"", "\"done\"", "\"name\":", "\"total\":", "\"price\":", "\"ok\":", "12.50",
    ],
    makeReader: {
      let states = FuzzedStates()
      return { parts throws(FuzzFinding) in try states.read(parts.first ?? []) }
    })
}

/// Parts as a record.
private struct FuzzRecord {
  let record: LogRecord

  init(_ parts: [[UInt8]]) {
    let flags = parts.first?.first ?? 0
    func part(_ index: Int) -> [UInt8] { index < parts.count ? parts[index] : [] }
    let rest = Array(parts.dropFirst(3))
    var headers = stride(from: 0, to: rest.count, by: 2).map { index in
      LogRecord.Header(
        name: String(decoding: rest[index], as: UTF8.self),
        value: index + 1 < rest.count ? rest[index + 1] : nil)
    }
    if flags & 4 != 0, let last = headers.popLast() {
      headers.append(LogRecord.Header(name: last.name, value: nil))
    }
    record = LogRecord(
      key: flags & 1 != 0 ? nil : part(1), value: flags & 2 != 0 ? nil : part(2), headers: headers,
      timestamp: 1_700_000_000_000)
  }
}

/// Two engines that must answer alike, each command in a transaction of its own.
private final class FuzzedEngine {
  private final class NoStore: ObjectStore {
    func read(_ key: UnsafeRawBufferPointer, into record: inout ByteWriter) throws(StoreFault) -> Bool {
      false
    }
  }

  private var first = FuzzedEngine.makeProcessor(hashSeed: 1)
  private var second = FuzzedEngine.makeProcessor(hashSeed: 2)
  private var offset: Int64 = 0

  private static func makeProcessor(hashSeed: UInt64) -> PartitionProcessor<LifecycleDecider> {
    PartitionProcessor(
      decider: LifecycleDecider(FuzzedRules.orders),
      identity: PartitionIdentity(
        applicationID: "fuzz", commandsTopic: "commands", partition: 0, partitions: 1),
      envelope: .cloudevents, limits: Limits(), store: NoStore(), position: 0, changelogPosition: 0,
      objectBytesMax: 1 << 20, hashSeed: hashSeed)
  }

  func read(_ command: FuzzRecord) throws(FuzzFinding) {
    let made = try Self.process(command.record, at: offset, &first)
    let again = try Self.process(command.record, at: offset, &second)
    offset += 1
    try require(made == again, "the same command had two outcomes")
    let (valid, invalid) = (made.count { $0.topic == .valid }, made.count { $0.topic == .invalid })
    try require(
      valid > 0 ? invalid == 0 : invalid == 1, "\(valid) events and \(invalid) rejections of one command")
    for made in made where made.topic == .changelog {
      try require(
        FuzzedChangelog.content(of: made.record) != nil, "a changelog record that no restore can read")
    }
  }

  private static func process(
    _ record: LogRecord, at offset: Int64, _ processor: inout PartitionProcessor<LifecycleDecider>
  ) throws(FuzzFinding) -> [Pair] {
    var output = OutputBatch()
    do {
      try record.withCommand(at: CommandPosition(partition: 0, offset: offset)) {
        _ = try processor.process($0, into: &output)
        _ = processor.seal(into: &output, lastCommand: LastCommand($0))
      }
    } catch {
      throw FuzzFinding("the engine threw \(error)")
    }
    var records: [Pair] = []
    for record in output.records { records.append(Pair(record.topic, LogRecord(record, in: output))) }
    processor.commit(checkpointOffset: offset)
    return records
  }

  /// A record and its topic.
  private struct Pair: Hashable {
    let topic: OutputTopic
    let record: LogRecord

    init(_ topic: OutputTopic, _ record: LogRecord) {
      self.topic = topic
      self.record = record
    }
  }
}

private enum FuzzedChangelog {
  static func read(_ record: FuzzRecord) throws(FuzzFinding) {
    guard case .checkpoint(let checkpoint)? = content(of: record.record) else { return }
    var bytes = ByteWriter()
    checkpoint.encode(into: &bytes)
    let again = try? CheckpointRecord(decoding: bytes.bytes)
    try require(
      again?.position == checkpoint.position && again?.partitions == checkpoint.partitions,
      "a checkpoint that is written again says something else")
  }

  /// Nil: it was refused.
  static func content(of record: LogRecord) -> ChangelogRecord.Content? {
    record.withViews { key, value, headers in
      var object = ByteWriter()
      return try? ChangelogRecord.decode(key: key, value: value, headers: headers, into: &object)
    }
  }
}

private final class FuzzedStates {
  private let decider = LifecycleDecider(FuzzedRules.versions)

  func read(_ bytes: [UInt8]) throws(FuzzFinding) {
    if let written = written(bytes) {
      try require(self.written(written) == written, "a state that is read and written again has other bytes")
    }
    var migrated = ByteWriter()
    let isMigrated: Void? = bytes.withUnsafeBytes {
      try? decider.migrateState(RawSpan.unsafe($0), from: 1, into: &migrated)
    }
    guard isMigrated != nil else { return }
    try require(
      written(Array(migrated.bytes)) != nil, "a migrated state cannot be read")
  }

  /// The state in the form in which it is kept; nil: it was refused.
  private func written(_ bytes: [UInt8]) -> [UInt8]? {
    guard let state = bytes.withUnsafeBytes({ try? decider.decodeState(RawSpan.unsafe($0)) }) else {
      return nil
    }
    var writer = ByteWriter()
    decider.encodeState(state, into: &writer)
    return Array(writer.bytes)
  }
}
