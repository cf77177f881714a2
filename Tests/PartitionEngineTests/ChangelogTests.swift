import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct ChangelogTests {
  /// The content of a changelog record, and the object record it decodes to.
  private func decode(
    key: [UInt8]?, value: [UInt8]?, headers: [ProducedRecord.Header] = []
  ) throws -> (ChangelogRecord.Content, [UInt8]) {
    var command = TestCommand(nil, nil, headers: [])
    command.headers = headers.map { ($0.name, $0.value) }
    var object = ByteWriter()
    let content = try command.withRecord(at: 0) { record in
      try (key ?? []).withUnsafeBytes { keyBytes in
        try (value ?? []).withUnsafeBytes { valueBytes in
          try ChangelogRecord.decode(
            key: key == nil ? nil : keyBytes, value: value == nil ? nil : valueBytes,
            headers: record.unsafeHeaders, into: &object)
        }
      }
    }
    return (content, array(object.bytes))
  }

  private func header(_ name: String, _ value: [UInt8]?) -> ProducedRecord.Header {
    ProducedRecord.Header(name: name, value: value)
  }

  @Test func `each object is written once, in the order of first touch, and the checkpoint last`() throws {
    let partition = TestPartition(position: 5)
    for (type, key) in [("set", "b"), ("set", "a"), ("append", "b"), ("set", "c"), ("forget", "a")] {
      try partition.process(TestCommand(type, "x", key: key))
    }
    let records = partition.commit().filter { $0.topic == .changelog }
    #expect(records.map { String(decoding: $0.key, as: UTF8.self) } == ["b", "a", "c", ""])
    #expect(records.map(\.valueText) == ["xx", nil, "x", #"{"format":1,"position":10,"partitions":12}"#])
    #expect(records.map { $0["v"] } == ["2", nil, "1", nil])
    #expect(records.map(\.isCheckpoint) == [false, false, false, true])
    #expect(records.allSatisfy { $0.partition == 3 && $0.timestamp == OutputRecord.timeOfWriting })
    #expect(records[1].headers.isEmpty)
    #expect(records[3].headers.map(\.name) == ["application", "commands-topic"])
  }

  @Test func `the header ids holds hashes and the versions they made, big-endian`() throws {
    let partition = TestPartition()
    try partition.process(TestCommand("many", "2", id: "a"))
    let record = partition.commit().first { $0.topic == .changelog }
    let hash = Array("a".utf8).withUnsafeBytes { CommandIDHash($0) }
    var expected = ByteWriter()
    expected.append(bigEndian: hash.high)
    expected.append(bigEndian: hash.low)
    expected.append(bigEndian: UInt64(2))
    #expect(record?.headers.first { $0.name == "ids" }?.value == array(expected.bytes))
  }

  @Test func `a changelog record decodes to what the drain writes`() throws {
    let partition = TestPartition()
    for number in 0..<20 { try partition.process(TestCommand("append", "\(number)", id: "\(number)")) }
    try partition.process(TestCommand("set", "no id", key: "l"))
    let records = partition.commit().filter { $0.topic == .changelog && !$0.isCheckpoint }
    partition.drain()
    #expect(records.count == 2)
    for record in records {
      let (content, object) = try decode(key: record.key, value: record.value, headers: record.headers)
      #expect(content == .object)
      #expect(object == partition.store.records[record.key])
    }
  }

  @Test func `a null value is a forgotten object, the empty key a checkpoint`() throws {
    #expect(try decode(key: [1], value: nil).0 == .forgotten)
    let value = Array(#"{"format":1,"position":7,"partitions":2}"#.utf8)
    #expect(
      try decode(key: [], value: value).0 == .checkpoint(CheckpointRecord(position: 7, partitions: 2)))
  }

  @Test func `a checkpoint carries its changelog's incarnation in a header`() throws {
    var output = OutputBatch()
    let written = CheckpointRecord(position: 7, partitions: 2, incarnation: .max)
    output.appendCheckpoint(written, of: TestPartition.identity)
    let record = ProducedRecord.all(in: output)[0]
    #expect(record.valueText == #"{"format":1,"position":7,"partitions":2}"#)
    #expect(record["incarnation"] == "9223372036854775807")
    #expect(record["application"] == "shop")
    #expect(record["commands-topic"] == "commands")
    #expect(try decode(key: [], value: record.value, headers: record.headers).0 == .checkpoint(written))
    for bad in ["0", "-1", "x", "9223372036854775808"] {
      #expect(throws: ChangelogRecord.Fault.self) {
        try decode(key: [], value: record.value, headers: [header("incarnation", Array(bad.utf8))])
      }
    }
  }

  @Test func `a checkpoint carries the last command and the moved positions in headers`() throws {
    var output = OutputBatch()
    let last = LastCommand(offset: 6, digest: CommandIDHash(high: 1, low: .max))
    let moves = [PositionMove(from: 2, to: 4), PositionMove(from: 9, to: 0)]
    let written = CheckpointRecord(position: 7, partitions: 2, lastCommand: last, moves: moves)
    output.appendCheckpoint(written, of: TestPartition.identity)
    let record = ProducedRecord.all(in: output)[0]
    #expect(record.valueText == #"{"format":1,"position":7,"partitions":2}"#)
    #expect(record["last-command"] == "6/0000000000000001ffffffffffffffff")
    #expect(record["position-moves"] == "2>4,9>0")
    #expect(try decode(key: [], value: record.value, headers: record.headers).0 == .checkpoint(written))
    for (name, bad) in [
      ("last-command", "7/0000000000000001ffffffffffffffff"), ("last-command", "6/1"), ("last-command", ""),
      ("last-command", "9223372036854775807/0000000000000001ffffffffffffffff"), ("last-command", "6"),
      ("position-moves", ""), ("position-moves", "1>"), ("position-moves", "-1>2"),
      ("position-moves", "1>2,"),
    ] {
      #expect(throws: ChangelogRecord.Fault.self, "\(name): \(bad)") {
        try decode(key: [], value: record.value, headers: [header(name, Array(bad.utf8))])
      }
    }
  }

  @Test func `a checkpoint says who decided, and what the states may look like`() throws {
    var output = OutputBatch()
    var forms = StateForms()
    forms.add(StateForms.Form(version: 1, text: "field total integer\nstate open"))
    forms.add(StateForms.Form(version: 2, text: "state open"))
    let decider = DeciderFingerprint(name: "order", version: 2, definition: "all of it")
    let plain = TestPartition.identity
    let identity = PartitionIdentity(
      applicationID: plain.applicationID, commandsTopic: plain.commandsTopic, partition: plain.partition,
      partitions: 2, decider: decider, stateForms: forms)
    let written = CheckpointRecord(position: 7, partitions: 2, decider: decider, stateForms: forms)
    output.appendCheckpoint(written, of: identity)
    let record = ProducedRecord.all(in: output)[0]
    #expect(record["decider"] == "\(decider)")
    #expect(record["state-forms"] == "version 1\n field total integer\n state open\nversion 2\n state open\n")
    #expect(try decode(key: [], value: record.value, headers: record.headers).0 == .checkpoint(written))
    for (name, bad) in [
      ("decider", ""), ("decider", "order"), ("decider", "order@0"), ("decider", "order@1/xyz"),
      ("state-forms", "version"), ("state-forms", " state open"), ("state-forms", "version 0"),
    ] {
      #expect(throws: ChangelogRecord.Fault.self, "\(name): \(bad)") {
        try decode(key: [], value: record.value, headers: [header(name, Array(bad.utf8))])
      }
    }
  }

  @Test(arguments: [
    ("1", true), ("9223372036854775807", true), ("9223372036854775808", false),
    ("18446744073709551615", false),
    ("18446744073709551616", false), ("0", false), ("-1", false), ("1.0", false), ("none", false),
    ("", false),
  ])
  func `a version that none could follow is unreadable`(version: String, isReadable: Bool) {
    let read = { try decode(key: [1], value: [], headers: [header("v", Array(version.utf8))]) }
    if isReadable {
      #expect(throws: Never.self) { try read() }
    } else {
      #expect(throws: ChangelogRecord.Fault.self) { try read() }
    }
  }

  @Test(arguments: [(1, true), (3, true), (0, false), (4, false), (UInt64.max, false)] as [(UInt64, Bool)])
  func `a command id cannot have made a version beyond the object's`(made: UInt64, isReadable: Bool) {
    var ids = ByteWriter()
    for word in [0, 0, 1, 0, 0, made] as [UInt64] { ids.append(bigEndian: word) }
    let headers = [header("v", Array("3".utf8)), header("ids", array(ids.bytes))]
    if isReadable {
      #expect(throws: Never.self) { try decode(key: [1], value: [], headers: headers) }
    } else {
      #expect(throws: ChangelogRecord.Fault.self) { try decode(key: [1], value: [], headers: headers) }
    }
  }

  @Test(
    arguments: [(0, false), (1, true), (UInt64(Int64.max), true), (UInt64.max, false)] as [(UInt64, Bool)])
  func `a version that none could follow is damage in a store, too`(version: UInt64, isWellFormed: Bool) {
    let record = objectRecord(version: version, state: "x")
    #expect(record.withUnsafeBytes { ObjectRecord.isWellFormed($0) } == isWellFormed)
  }

  @Test func `an empty state is a state`() throws {
    let (content, object) = try decode(key: [1], value: [], headers: [header("v", Array("3".utf8))])
    #expect(content == .object)
    #expect(object == objectRecord(version: 3, state: ""))
  }

  @Test func `records that Sequitur did not write are faults`() {
    let version = header("v", Array("3".utf8))
    let bad: [(key: [UInt8]?, value: [UInt8]?, headers: [ProducedRecord.Header])] = [
      (nil, [1], [version]), ([], [1], []), ([], nil, []), ([1], [1], []), ([1], [1], [header("v", nil)]),
      ([1], [1], [header("v", Array("0".utf8))]), ([1], [1], [header("v", Array("any".utf8))]),
      ([1], [1], [version, header("ids", [1])]),
      ([1], [1], [version, header("ids", Array(repeating: 0, count: 256 * 24))]),
      (Array(repeating: 1, count: 1025), [1], [version]),
    ]
    for record in bad {
      #expect(throws: ChangelogRecord.Fault.self) {
        try decode(key: record.key, value: record.value, headers: record.headers)
      }
    }
  }
}
