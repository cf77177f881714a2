import Sequitur
import Testing

@Suite struct CommandRecordTests {
  @Test func `the last of repeated headers counts`() {
    withCommand(headers: [("ce_type", Array("first".utf8)), ("x", [9]), ("ce_type", Array("last".utf8))]) {
      record in
      #expect(record.type == "last")
      #expect(record.withHeader("x") { array($0) } == [9])
      #expect(record.unsafeHeaders.count == 3)
    }
  }

  @Test func `a null header is as if there were none, and hides the ones before`() {
    withCommand(headers: [("ce_type", Array("first".utf8)), ("ce_type", nil)]) { record in
      #expect(record.type == nil)
      #expect(record.withHeader("ce_type") { $0 == nil })
    }
  }

  @Test func `an empty header is not a null one`() {
    withCommand(headers: [("x", [])]) { record in
      #expect(record.withHeader("x") { $0 != nil && array($0) == [] })
      #expect(record.withHeader("y") { $0 == nil })
    }
  }

  @Test func `a type that is not UTF-8 is none`() {
    withCommand(headers: [("ce_type", [0x63, 0xff])]) { #expect($0.type == nil) }
    withCommand(headers: [("ce_type", [0xc3, 0xbc])]) { #expect($0.type == "ü") }
  }

  @Test func `names are compared whole`() {
    withCommand(headers: [("ce_typ", [1]), ("ce_types", [2]), ("CE_TYPE", [3])]) { #expect($0.type == nil) }
  }

  @Test func `a missing key and a null value are empty spans`() {
    withCommand(headers: [], key: nil, payload: nil) { record in
      #expect(record.key.byteCount == 0)
      #expect(record.payload.byteCount == 0)
      #expect(record.unsafePayload == nil)
    }
  }

  @Test func `spans show the record's bytes`() {
    withCommand(headers: [], key: [1, 2, 3], payload: []) { record in
      #expect(record.key.withUnsafeBytes { array($0) } == [1, 2, 3])
      #expect(record.payload.byteCount == 0)
      #expect(record.unsafePayload != nil)
    }
  }
}
