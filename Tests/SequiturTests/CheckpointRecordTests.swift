import Sequitur
import Testing

@Suite struct CheckpointRecordTests {
  private func decode(_ text: String) throws(CheckpointRecord.Fault) -> CheckpointRecord {
    var writer = ByteWriter()
    writer.append(text)
    return try CheckpointRecord(decoding: writer.bytes)
  }

  @Test func `is written as the record contract says`() {
    let text = written { CheckpointRecord(position: 123, partitions: 4).encode(into: &$0) }
    #expect(text == #"{"format":1,"position":123,"partitions":4}"#)
  }

  @Test(arguments: [(0, 1), (123, 4), (Int64.max - 1, Int32.max)])
  func `is read as it was written`(position: Int64, partitions: Int32) throws {
    let record = CheckpointRecord(position: position, partitions: partitions)
    #expect(try decode(written { record.encode(into: &$0) }) == record)
  }

  @Test(arguments: [
    #" { "format" : 1 , "position" : 123 , "partitions" : 4 } "#,
    #"{"partitions":4,"position":123,"format":1}"#,
    "{\n\t\"position\": 123,\r\n\t\"format\": 1,\n\t\"partitions\": 4\n}",
    #"{"format":1,"position":123,"partitions":4,"epoch":9}"#,
    #"{"format":1,"position":123,"partitions":4,"incarnation":"6f1c"}"#,
  ])
  func `white space, order and further members do not matter`(text: String) throws {
    #expect(try decode(text) == CheckpointRecord(position: 123, partitions: 4))
  }

  @Test(arguments: [
    "", "{}", "null", "[]", "{", "}", #"{"format":1}"#, #"{"format":1,"position":123}"#,
    #"{"format":1,"partitions":4}"#, #"{"position":123,"partitions":4}"#,
    #"{"format":1,"position":-1,"partitions":4}"#, #"{"format":1,"position":1,"partitions":0}"#,
    #"{"format":1,"position":1,"partitions":4294967297}"#, #"{"format":1,"position":"1","partitions":4}"#,
    #"{"format":1,"position":1.5,"partitions":4}"#,
    #"{"format":1,"position":99999999999999999999,"partitions":4}"#,
    #"{"format":1,"position":9223372036854775807,"partitions":4}"#,
    #"{"format":1,"position":9223372036854775808,"partitions":4}"#,
    #"{"format":1,"position":18446744073709551615,"partitions":4}"#,
    #"{"format":1,"position":1,"partitions":4}x"#, #"{"format":1,"position":1 2,"partitions":4}"#,
    #"{"format":1,"position":+1,"partitions":4}"#, #"{"format":1,"position":01,"partitions":4}"#,
    #"{"format":1,"position":1,"position":2,"partitions":4}"#, #"{"format":1,"position":1,"partitions":4,}"#,
    #"{"format":1,"po sition":1,"partitions":4}"#, #"{"format":1"position":1,"partitions":4}"#, "\u{FF}\u{0}",
  ])
  func `anything else is no checkpoint, and the fault shows it`(text: String) {
    #expect(throws: CheckpointRecord.Fault.notACheckpoint(text)) { try decode(text) }
    #expect(CheckpointRecord.Fault.notACheckpoint(text).description.contains("found \(text)"))
  }

  @Test func `a newer format is told from damage`() {
    let text = #"{"format":2,"position":1,"partitions":4}"#
    #expect(throws: CheckpointRecord.Fault.unknownFormat(2)) { try decode(text) }
    #expect(CheckpointRecord.Fault.unknownFormat(2).description.contains("a newer version"))
  }
}
