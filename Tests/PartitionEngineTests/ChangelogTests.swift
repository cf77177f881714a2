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
    #expect(records.allSatisfy { $0.partition == 3 && $0.timestamp == 9 })
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
    output.appendCheckpoint(written, of: TestPartition.identity, timestamp: 0)
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
